import { HsmRefusal, HsmUnavailable, type RefusalReason, Unopenable, Unsupported } from '../errors.ts'
import { DeviceLost } from '../judged.ts'
import { DeviceError } from '../pkcs11/device-error.ts'
import type { WireObject, WireValue } from './wire-value.ts'

/**
 * A throw as plain data. Ours cross as they are; of any other its name and its frames alone, because nobody knows what
 * the message of a bug quotes.
 */
export function encodeFailure(error: unknown): WireObject {
  if (error instanceof Unopenable) return { kind: 'unopenable' }
  if (error instanceof Unsupported) return { kind: 'unsupported', capability: error.capability }
  if (error instanceof HsmRefusal) return { kind: 'refusal', reason: error.reason, message: error.message }
  if (error instanceof DeviceLost || error instanceof DeviceError) return { kind: 'lost', message: error.message }
  if (error instanceof HsmUnavailable)
    return { kind: 'unavailable', message: error.reason, retryAfterSeconds: error.retryAfterSeconds }
  const { name, stack = '' } = error instanceof Error ? error : new Error('thrown')
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return { kind: 'bug', name, frames: frames.join('\n') }
}

/** `DeviceLost` where the device failed, our own errors as they were thrown, `ProcessFault` for anything else. */
export function decodeFailure(failure: WireObject): Error {
  const text = (name: string): string => (typeof failure[name] === 'string' ? failure[name] : 'unknown')
  switch (text('kind')) {
    case 'unopenable':
      return new Unopenable()
    case 'unsupported':
      return new Unsupported(text('capability'))
    case 'refusal':
      return new HsmRefusal(text('reason') as RefusalReason, text('message'))
    case 'unavailable':
      return new HsmUnavailable(text('message'), secondsOf(failure['retryAfterSeconds']))
    case 'lost':
      return new DeviceLost(text('message'))
    default:
      return new ProcessFault(text('name'), text('frames'))
  }
}

const secondsOf = (value: WireValue): number => (typeof value === 'number' ? value : 1)

/** A bug in the process of the HSM; `stack` shows where. */
export class ProcessFault extends Error {
  constructor(name: string, frames: string) {
    super(`${name} in the process of the HSM`)
    this.name = 'ProcessFault'
    this.stack = `${this.name}: ${this.message}\n${frames}`
  }
}
