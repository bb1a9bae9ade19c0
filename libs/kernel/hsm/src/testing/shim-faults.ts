import type { ModuleSource } from '../pkcs11/module-registry.ts'
import type { Fault, Method, ModuleFaults } from './module-faults.ts'
import { ShimControl, shimmedFunctions } from './shim-control.ts'

/** What only a shim can do: it stands below the binding, in whichever process the module is loaded. */
export interface ShimFaults extends ModuleFaults {
  /** Each of these calls takes so long, and what the token itself takes; every call to the device by default. */
  delay(milliseconds: number, methods?: readonly Method[]): void
  /** Until `mend`: before the token is asked, or after it has answered. */
  hang(methods: readonly Method[], when: 'before' | 'after'): void
  /** Ends the process that calls one of these, as a fault in the module's memory does. */
  crash(methods: readonly Method[]): void
  /** From now on the token encrypts by GCM under other IVs than it is given: written back, unless said otherwise. */
  chooseIvs(habit?: IvHabit): void
  /** So many of the next calls to the device are answered by this code. */
  busy(code: number, times: number): void
  /** The token knows a mechanism of the standard by another number alone. */
  rename(standard: number, renamed: number): void
}

/** What becomes of the IV that a token drew. */
export interface IvHabit {
  readonly iv: 'written-back' | 'appended' | 'prepended' | 'written-over-zeros'
  /** Where it stands beside the ciphertext; 12 by default. */
  readonly bytes?: 12 | 16
  /** Whether the token decrypts only what it made, as it made it. */
  readonly opens?: 'by-parameter' | 'as-made'
}

const MOOD = { before: 1n, after: 2n, crash: 3n } as const
const IV_MOOD = { 'written-back': 1n, appended: 2n, prepended: 3n, 'written-over-zeros': 4n } as const
const FOR_EVER = 2n ** 63n

/** Preparing a call, as far as vendors' libraries do it on this side of the network. */
const isLocal = (method: string): boolean =>
  /^C_(Initialize|Finalize|GetFunctionList|GetSessionInfo|(Encrypt|Decrypt|Sign|Verify|Digest|FindObjects)Init)$/.test(
    method,
  )

const deviceCalls = shimmedFunctions.filter((method) => !isLocal(method))

/** For a token made by `softToken({ through: 'fault-shim' })`; through all processes that use it. */
export function shimFaults(source: ModuleSource): ShimFaults {
  const control = new ShimControl(source)
  const called = (method: string): number => Number(control.read(method, 'calls'))
  const before = new Map(shimmedFunctions.map((method) => [method, called(method)]))
  const calls = (method: string): number => called(method) - (before.get(method) ?? 0)
  const fail = (method: string, { code, first = 1, times }: Fault): void => {
    const after = BigInt(called(method) + first - 1)
    control.setRule(method, 'until', 0n)
    control.setRule(method, 'code', BigInt(code))
    control.setRule(method, 'after', after)
    control.setRule(method, 'until', times === undefined ? FOR_EVER : after + BigInt(times))
  }
  const mend = (): void => {
    for (const word of ['reset', 'ownIv', 'asMade', 'busyCalls', 'renamed'] as const) control.set(word, 0n)
    for (const method of shimmedFunctions) {
      for (const word of ['until', 'delayUs', 'mood', 'mayBeBusy'] as const) control.setRule(method, word, 0n)
    }
  }
  return {
    fail: (methods, fault) => {
      for (const method of methods) fail(method, fault)
    },
    delay: (milliseconds, methods: readonly string[] = deviceCalls) => {
      for (const method of methods) control.setRule(method, 'delayUs', BigInt(Math.round(milliseconds * 1000)))
    },
    hang: (methods, when) => {
      for (const method of methods) control.setRule(method, 'mood', MOOD[when])
    },
    crash: (methods) => {
      for (const method of methods) control.setRule(method, 'mood', MOOD.crash)
    },
    chooseIvs: ({ iv, bytes = 12, opens = 'by-parameter' } = { iv: 'written-back' }) => {
      control.set('ivBytes', BigInt(bytes))
      control.set('asMade', opens === 'as-made' ? 1n : 0n)
      control.set('ownIv', IV_MOOD[iv])
    },
    busy: (code, times) => {
      for (const method of deviceCalls) control.setRule(method, 'mayBeBusy', 1n)
      control.set('busyCode', BigInt(code))
      control.set('busyCalls', BigInt(times))
    },
    rename: (standard, renamed) => {
      control.set('standard', BigInt(standard))
      control.set('renamed', BigInt(renamed))
    },
    mend,
    calls: (method) => (method ? calls(method) : shimmedFunctions.reduce((sum, each) => sum + calls(each), 0)),
    reset: () => control.set('reset', 1n),
    release() {
      mend()
      control.close()
    },
  }
}
