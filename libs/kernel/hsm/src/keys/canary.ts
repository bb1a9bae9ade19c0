import type { OperationContext } from '../operations/operation.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import { matches } from './check-value.ts'
import { handlesIn, type TokenKey } from './token-key.ts'

type Keys = Pick<OperationContext, 'session' | 'keys' | 'capabilities'>

/** The token's own objects alone: session copies go on working when the token is taken away. Throws `DeviceError`. */
export function probe(context: Keys): void {
  const { all } = context.keys
  const key = all.find(({ record }) => record.job === 'seal') ?? all[0]
  if (key !== undefined) check(context, key, 'own')
}

/** The probe, and the session copies that operations work with: they can die alone. Throws `DeviceError`. */
export function runCanary(context: Keys): void {
  probe(context)
  for (const key of context.keys.all) {
    if (!key.record.job.startsWith('sign') && isCopied(key)) check(context, key, 'working')
  }
}

/** Every recorded key answers as recorded. Throws `DeviceError`. */
export function proveKeys(context: Keys): void {
  for (const key of context.keys.all) check(context, key, 'working')
}

const isCopied = ({ own, working, companion }: TokenKey): boolean =>
  working !== own || companion?.working !== companion?.own

function check({ session, capabilities }: Keys, key: TokenKey, place: 'own' | 'working'): void {
  const { record } = key
  if (matches({ record, handles: handlesIn(place, key), session, capabilities }, record.checkValue)) return
  throw new DeviceError('another key than the recorded one', 0, 'check')
}
