import { fromBase64, fromUtf8, type Secret } from '@strongroom/crypto'
import { invalidInput, prover } from '@strongroom/http'
import { basicPin, Pin } from './basic-pin.ts'

/** Reads the PIN of a request; whether it is right is the handler's to find out, at the price of a guess. */
export const proveBasicPin = prover()(
  basicPin,
  ({ headers }) => readPin(headers.authorization) ?? invalidInput({ field: 'header authorization' }),
)

const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/

function readPin(header = ''): Secret | undefined {
  const [, encoded] = basic.exec(header) ?? []
  const credentials = encoded && decode(encoded)
  if (!credentials?.includes(':')) return undefined
  return Pin.safeParse(credentials.slice(credentials.indexOf(':') + 1)).data
}

function decode(encoded: string): string | undefined {
  try {
    return fromUtf8(fromBase64(encoded))
  } catch {
    return undefined
  }
}
