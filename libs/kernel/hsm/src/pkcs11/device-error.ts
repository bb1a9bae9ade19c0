import { clearOpenSslErrors } from './clear-openssl-errors.ts'
import { CKR } from './cryptoki.ts'

/** What PKCS#11 answered, by name and number. Never holds an argument of the call. */
export class DeviceError extends Error {
  readonly code: number
  readonly method: string

  constructor(name: string, code: number, method: string) {
    super(`${method}: ${name}`)
    this.name = 'DeviceError'
    this.code = code
    this.method = method
  }
}

const knownCode = /(CKR_\w+)(?::(\d+))?/

/**
 * One shape for everything that pkcs11js throws: `Pkcs11Error` with a code, a bare `Error` with `CKR_X:NNN` in its
 * message, `NativeError`, `TypeError`. Other messages are dropped, since we cannot know what they quote.
 */
export function toDeviceError(error: unknown, method: string): DeviceError {
  if (error instanceof DeviceError) return error
  clearOpenSslErrors()
  const message = error instanceof Error ? error.message : ''
  const match = knownCode.exec(message)
  const code = codeOf(error) ?? (match?.[2] === undefined ? 0 : Number(match[2]))
  const name = match?.[1] ?? (error instanceof TypeError ? 'refused by the binding' : 'unknown error')
  return new DeviceError(name === 'CKR_VENDOR_DEFINED' ? `${name} 0x${code.toString(16)}` : name, code, method)
}

export const isDeviceError = (error: unknown, ...codes: readonly number[]): error is DeviceError =>
  error instanceof DeviceError && (codes.length === 0 || codes.includes(error.code))

const pinCodes: readonly number[] = [
  CKR.pinIncorrect,
  CKR.pinInvalid,
  CKR.pinLengthRange,
  CKR.pinExpired,
  CKR.pinLocked,
]

/** The token judged the PIN and refused it: trying again would bring it nearer to locking itself. */
export const isPinRefusal = (error: unknown): error is DeviceError => isDeviceError(error, ...pinCodes)

// 0x01..0x03, 0x05, 0x06, 0x40, 0x41 and so on may speak of the data or of the device; these speak of the device alone.
const deviceOnly: readonly number[] = [
  0x02, 0x30, 0x31, 0x32, 0x60, 0x82, 0x90, 0xb0, 0xb1, 0xb3, 0xe0, 0xe1, 0xf0, 0x101, 0x113, 0x190,
]

/** True where the answer can only mean that session, handle, login or device is gone, whatever the data was. */
export const blamesDevice = (error: DeviceError): boolean => deviceOnly.includes(error.code)

const missingCapability: readonly number[] = [
  CKR.functionNotSupported,
  CKR.mechanismInvalid,
  CKR.mechanismParamInvalid,
  CKR.curveNotSupported,
]

/** The token does not know the mechanism, the curve or the function, now or later. */
export const lacksCapability = (error: unknown): error is DeviceError => isDeviceError(error, ...missingCapability)

function codeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'number' && error.code !== 0 ? error.code : undefined
}
