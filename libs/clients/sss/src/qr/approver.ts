import { randomDigits, type RandomSource, equalBytes, systemRandom, toUtf8 } from '@strongroom/crypto'
import type { SssApi } from '../api/api.ts'
import type { Login } from '../api/keys.ts'
import { compareCode } from './compare.ts'
import { QrError } from './error.ts'
import { sealTransfer, type Transfer } from './payload.ts'

/** A new device whose key is known to be its own. */
export interface CheckedDevice {
  readonly sessionId: string
  /** Hands this device's share over. Once. @throws SssError 409 when another device was faster */
  approve(approval: Transfer & { readonly did: string; readonly login?: Login }): Promise<void>
}

/** A new device of which the server alone says which key it has. */
export interface UncheckedDevice {
  readonly sessionId: string
  /** Six digits to show: the person types them into the new device, which answers with six others. */
  readonly challenge: string
  /**
   * The only way to a device that was not scanned. One try: the wrong answer ends it, and the next look-up shows
   * another challenge.
   * @throws QrError `wrong-answer`
   */
  confirm(answer: string): CheckedDevice
}

/**
 * For a device whose QR code was scanned. The code came from the device's own screen: a server that shows another key
 * for the session is refused, and so is a code that names another server.
 * @throws QrError, SssError
 */
export async function scanNewDevice(api: SssApi, qrContent: string): Promise<CheckedDevice> {
  const { sessionId, publicKey, serverUrl } = parse(qrContent)
  if (serverUrl.replace(/\/+$/, '') !== api.baseUrl) throw new QrError('other-server')
  const seen = await lookUp(api, sessionId)
  if (seen.sessionId !== sessionId) throw new QrError('other-session')
  if (seen.publicKey !== publicKey) throw new QrError('other-key')
  return checked(api, { sessionId, publicKey })
}

/** For a device whose eight digits were typed. @throws QrError, SssError */
export async function findNewDevice(
  api: SssApi,
  shortCode: string,
  random: RandomSource = systemRandom,
): Promise<UncheckedDevice> {
  const typed = shortCode.replaceAll(/[\s-]/g, '')
  if (!/^\d{8}$/.test(typed)) throw new QrError('not-a-login-code')
  const { sessionId, publicKey } = await lookUp(api, typed)
  const challenge = randomDigits(6, random)
  let tries = 1
  return {
    sessionId,
    challenge,
    confirm: (answer) => {
      const expected = compareCode({ publicKey, sessionId, challenge })
      const given = answer.replaceAll(/\s/g, '')
      if (tries-- < 1 || !equalBytes(toUtf8(given), toUtf8(expected))) throw new QrError('wrong-answer')
      return checked(api, { sessionId, publicKey })
    },
  }
}

const checked = (
  api: SssApi,
  { sessionId, publicKey }: { readonly sessionId: string; readonly publicKey: string },
): CheckedDevice => ({
  sessionId,
  approve: async ({ did, login, ...transfer }) => {
    const encryptedPayload = await sealTransfer(transfer, publicKey)
    await api.qrLogin.approveSession({ sessionId, encryptedPayload, approverDid: did, login })
  },
})

async function lookUp(api: SssApi, lookup: string) {
  const seen = await api.qrLogin.readSession(lookup)
  if (seen.status !== 'pending') throw new QrError('already-approved')
  return seen
}

function parse(qrContent: string) {
  const { sessionId, publicKey, serverUrl } = recordOf(qrContent)
  if (typeof sessionId !== 'string' || typeof publicKey !== 'string' || typeof serverUrl !== 'string') {
    throw new QrError('not-a-login-code')
  }
  return { sessionId, publicKey, serverUrl }
}

function recordOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(json) ?? {}) as Readonly<Record<string, unknown>>
  } catch {
    throw new QrError('not-a-login-code')
  }
}
