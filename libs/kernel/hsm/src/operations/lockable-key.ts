import { importAesKey, useAndDestroy } from '../keys/session-keys.ts'
import type { Handle } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'
import { unwrapInProcess, WRAPPED_IN_PROCESS, wrapInProcess } from '../strategies/key-wrap.ts'
import type { OperationContext } from './operation.ts'

/** A key to be locked: in the token, or as its bytes where the token does not wrap under what it is given. */
export type LockableKey = Handle | { readonly bytes: Uint8Array }

/** As a factor's half wraps it: the format by its name, whoever did it. */
export interface FactorWrapped {
  readonly strategy: string
  readonly wrapped: Uint8Array
}

const noContext = new Uint8Array()

/** Inside the token where it takes both; in this process otherwise, to the same format. */
export function wrapUnderFactor(
  { session, capabilities }: OperationContext,
  factorKey: Uint8Array,
  key: LockableKey,
): FactorWrapped {
  const strategy = capabilities.importedWrap()
  if (strategy === undefined || 'bytes' in key) {
    if (!('bytes' in key)) throw new TypeError('a key inside a token that does not wrap it')
    return { strategy: WRAPPED_IN_PROCESS, wrapped: wrapInProcess(WRAPPED_IN_PROCESS, factorKey, key.bytes) }
  }
  const wrapped = useAndDestroy(session, (own) => {
    const wrapper = own(importAesKey(session, { value: factorKey, uses: ['wrap', 'unwrap'] }))
    return strategy.wrap(session, { key: wrapper }, { key, context: noContext })
  })
  return { strategy: strategy.name, wrapped }
}

interface Unwrapping extends FactorWrapped {
  readonly factorKey: Uint8Array
  /** Of the unwrapped key, where the token unwraps it. */
  readonly attributes: Attributes
}

/** Runs `body` with the key, and destroys or wipes it. Throws `Unopenable` or `DeviceError`. */
export function withFactorUnwrapped<T>(
  { session, capabilities }: OperationContext,
  { strategy: name, wrapped, factorKey, attributes }: Unwrapping,
  body: (key: LockableKey) => T,
): T {
  const strategy = capabilities.importedWrap(name)
  if (strategy === undefined) {
    const bytes = unwrapInProcess(name, factorKey, wrapped)
    try {
      return body({ bytes })
    } finally {
      bytes.fill(0)
    }
  }
  return useAndDestroy(session, (own) => {
    const wrapper = own(importAesKey(session, { value: factorKey, uses: ['wrap', 'unwrap'] }))
    const unwrapping = { wrapped, context: noContext, attributes }
    return body(own(strategy.unwrap(session, { key: wrapper }, unwrapping)))
  })
}
