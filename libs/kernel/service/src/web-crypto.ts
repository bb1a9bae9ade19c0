import type { KeyRecord } from '@strongroom/hsm'
import type { TokenWebCrypto } from '@strongroom/hsm/webcrypto'
import type { Log } from './log.ts'
import type { AppToken } from './token.ts'

/** As many as Node's thread pool has threads; those of the executor are its own. */
const SESSIONS = 4

interface Opening {
  /** The first of the app's tokens: it alone has signing keys. */
  readonly token: AppToken
  /** All that are recorded. */
  readonly keys: readonly KeyRecord[]
  readonly log: Log
  readonly atEnd: (close: () => unknown) => void
}

/**
 * Opens the view when it is first asked for, once for all who ask: most processes never do. What failed is tried again by
 * the next who asks; a PIN that was refused is latched and tried by nobody.
 */
export function webCryptoOf(opening: Opening): () => Promise<TokenWebCrypto> {
  let opened: Promise<TokenWebCrypto> | undefined
  return () => {
    opened ??= open(opening).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}

async function open({ token, keys, log, atEnd }: Opening): Promise<TokenWebCrypto> {
  const { openWebCrypto } = await import('@strongroom/hsm/webcrypto')
  const own = keys.filter(({ job, token: label = token.tokenLabel }) => job === 'sign' && label === token.tokenLabel)
  const view = await openWebCrypto({ ...token, sessions: SESSIONS, keys: own })
  atEnd(() => view.close())
  log.info('WebCrypto view of the token opened', { label: token.tokenLabel, keys: own.length })
  return view
}
