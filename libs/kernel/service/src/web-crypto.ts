import { type KeyRecord, loadable } from '@strongroom/hsm'
import type { TokenWebCrypto } from '@strongroom/hsm/webcrypto'
import type { Log } from './log.ts'
import type { AppToken } from './token.ts'

/** As many as Node's thread pool has threads; those of the executor are its own. */
const SESSIONS = 4
/** For what was begun on the keys of before. */
const LEFT_OPEN_MS = 30_000

interface Opening {
  /** The first of the app's tokens: it alone has signing keys. */
  readonly token: AppToken
  /** All that are recorded, as the keystore loaded them last: the same array until it loads others. */
  readonly newest: () => readonly KeyRecord[]
  readonly log: Log
  readonly atEnd: (close: () => unknown) => void
}

interface Opened {
  /** What it was opened for last. */
  keys: readonly KeyRecord[]
  /** Names the signing keys among them, and their states. */
  readonly name: string
  readonly view: Promise<TokenWebCrypto>
}

/**
 * Opens the view when it is first asked for, once for all who ask: most processes never do. It follows the keystore: where
 * this loaded other signing keys, the next who asks gets a view of these. What failed is tried again by the next who asks; a
 * PIN that was refused is latched and tried by nobody.
 */
export function webCryptoOf({ token, newest, log, atEnd }: Opening): () => Promise<TokenWebCrypto> {
  let opened: Opened | undefined
  const open = new Set<TokenWebCrypto>()
  const close = async (view: TokenWebCrypto) => (open.delete(view) ? view.close() : undefined)

  function openFor(keys: readonly KeyRecord[], name: string): Opened {
    const before = opened
    const made: Opened = { keys, name, view: openView(token, signingKeysOf(token, keys), log) }
    const begin = async () => {
      const view = await made.view
      open.add(view)
      atEnd(() => close(view))
      const left = await before?.view.catch(() => undefined)
      if (left) setTimeout(() => void close(left), LEFT_OPEN_MS).unref()
    }
    begin().catch(() => {
      if (opened === made) opened = undefined
    })
    return made
  }

  return () => {
    const keys = newest()
    if (opened?.keys === keys) return opened.view
    const name = nameOf(signingKeysOf(token, keys))
    if (opened?.name === name) opened.keys = keys
    else opened = openFor(keys, name)
    return opened.view
  }
}

const signingKeysOf = (token: AppToken, keys: readonly KeyRecord[]): readonly KeyRecord[] =>
  loadable(keys).filter(({ job, token: label = token.tokenLabel }) => job === 'sign' && label === token.tokenLabel)

const nameOf = (keys: readonly KeyRecord[]): string =>
  keys
    .map(({ label, state = 'active' }) => `${label} ${state}`)
    .toSorted()
    .join()

async function openView(token: AppToken, keys: readonly KeyRecord[], log: Log): Promise<TokenWebCrypto> {
  const { openWebCrypto } = await import('@strongroom/hsm/webcrypto')
  const view = await openWebCrypto({ ...token, sessions: SESSIONS, keys })
  log.info('WebCrypto view of the token opened', { label: token.tokenLabel, keys: keys.length })
  return view
}
