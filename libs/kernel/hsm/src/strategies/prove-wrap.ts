import { randomBytes } from 'node:crypto'
import { equalBytes } from '@strongroom/crypto'
import { importAesKey, readableKey, useAndDestroy } from '../keys/session-keys.ts'
import type { Bench } from './bench.ts'
import { flip, isRefused } from './prove-seal.ts'
import type { KeyHandles, WrapStrategy } from './strategy.ts'

/**
 * A key of known value wrapped and unwrapped by these keys, and refused once altered. It tells nothing of the format: for
 * pairs, which are known by their public half. Throws `DeviceError` or `Unopenable`.
 */
export function wrapsAndUnwraps(bench: Bench, strategy: WrapStrategy, keys: KeyHandles): boolean {
  const { session } = bench
  const [value, context] = [randomBytes(32), randomBytes(20)]
  return useAndDestroy(session, (own) => {
    const key = own(importAesKey(session, { value, uses: ['encrypt'], extractable: 'extractable' }))
    const wrapped = strategy.wrap(session, keys, { key, context })
    const unwrapping = { wrapped, context, attributes: readableKey }
    const back = own(strategy.unwrap(session, keys, unwrapping))
    if (!equalBytes(session.readAttribute(back, 'value'), value)) return false
    return isRefused(bench, (apart) => strategy.unwrap(apart, keys, { ...unwrapping, wrapped: flip(wrapped, 20) }))
  })
}
