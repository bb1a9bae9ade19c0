import type { OperationContext } from '../operations/operation.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { Handle } from '../pkcs11/session.ts'
import { matches } from './check-value.ts'
import type { TokenKey } from './token-key.ts'

type Keys = Pick<OperationContext, 'session' | 'keys' | 'capabilities'>

/** The token's own objects alone: session copies go on working when the token is taken away. Throws `DeviceError`. */
export function probe(context: Keys): void {
  const { all } = context.keys
  const key = all.find(({ record }) => record.job === 'seal') ?? all[0]
  if (key !== undefined) check(context, key, key.own)
}

/** The probe, and the session copies that operations work with: they can die alone. Throws `DeviceError`. */
export function runCanary(context: Keys): void {
  probe(context)
  for (const key of context.keys.all) {
    if (!key.record.job.startsWith('sign') && key.working !== key.own) check(context, key, key.working)
  }
}

/** Every recorded key answers as recorded. Throws `DeviceError`. */
export function proveKeys(context: Keys): void {
  for (const key of context.keys.all) check(context, key, key.working)
}

function check({ session, capabilities }: Keys, key: TokenKey, handle: Handle): void {
  if (matches({ ...key, handle, session, capabilities }, key.record.checkValue)) return
  throw new DeviceError('another key than the recorded one', 0, 'check')
}
