import { type RandomSource, Secret, sha256, systemRandom, toBase64url } from '@strongroom/crypto'
import type { SssApi } from '../api/api.ts'
import { SssError } from '../api/error.ts'
import { compareCode, isChallenge } from './compare.ts'
import { QrError } from './error.ts'
import { makeKeyPair, openTransfer, type Transfer } from './payload.ts'

export interface ReceivedTransfer extends Transfer {
  /** As the server says: check it with `combineShares`, which `Custody.adopt` does. */
  readonly approverDid: string | undefined
}

export interface NewDeviceLogin {
  /** For the QR code: JSON of `sessionId`, `publicKey`, `serverUrl`. */
  readonly qrContent: string
  /** Eight digits, for whoever cannot scan. */
  readonly shortCode: string
  readonly sessionId: string
  readonly expiresInSeconds: number
  /**
   * For a login by short code: the six digits to show, when the person has typed the six of the approving device.
   * @throws QrError
   */
  answer(challenge: string): string
  /** Asks every two seconds until the login is approved. @throws QrError, SssError, or the signal's reason */
  wait(options?: WaitOptions): Promise<ReceivedTransfer>
}

export interface WaitOptions {
  readonly signal?: AbortSignal
  /** Seconds between two looks; 2 when left out. */
  readonly interval?: number
}

/** Opens a session for a device that has no share yet. Its private key never leaves this call's result. */
export async function startQrLogin(api: SssApi, random: RandomSource = systemRandom): Promise<NewDeviceLogin> {
  const { privateKey, publicKey } = makeKeyPair(random)
  const pollToken = new Secret(toBase64url(random(32)))
  const pollTokenDigest = toBase64url(sha256(pollToken.expose()))
  const created = await api.qrLogin.createSession({ publicKey, pollTokenDigest })
  const { sessionId, shortCode, expiresInSeconds = 120 } = created
  const until = performance.now() + expiresInSeconds * 1000
  return {
    qrContent: JSON.stringify({ sessionId, publicKey, serverUrl: api.baseUrl }),
    shortCode,
    sessionId,
    expiresInSeconds,
    answer: (challenge) => {
      if (!isChallenge(challenge)) throw new QrError('not-a-login-code')
      return compareCode({ publicKey, sessionId, challenge })
    },
    wait: async (options = {}) => {
      const seen = await poll(() => api.qrLogin.readSession(sessionId, { pollToken, signal: options.signal }), {
        until,
        ...options,
      })
      if (seen.encryptedPayload === undefined) throw new QrError('payload-taken')
      return { ...(await openTransfer(seen.encryptedPayload, privateKey)), approverDid: seen.approverDid }
    },
  }
}

async function poll(
  look: () => ReturnType<SssApi['qrLogin']['readSession']>,
  { until, interval = 2, signal }: WaitOptions & { readonly until: number },
) {
  while (performance.now() < until) {
    const seen = await lookOnce(look)
    if (seen?.status === 'approved') return seen
    await pause(interval, signal)
  }
  throw new QrError('expired')
}

/** `undefined`: the server could not say; the next look may go better. */
async function lookOnce(look: () => ReturnType<SssApi['qrLogin']['readSession']>) {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof SssError)) throw error
    if (error.status === 404) throw new QrError('expired')
    if (error.isOutage || error.status === 429) return undefined
    throw error
  }
}

const pause = (seconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason as Error)
    if (signal?.aborted) return stop()
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, seconds * 1000)
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        stop()
      },
      { once: true },
    )
  })
