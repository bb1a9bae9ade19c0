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
  /** From now on the token encrypts by GCM under other IVs than it is given, and writes them back. */
  chooseIvs(): void
}

const MOOD = { before: 1n, after: 2n, crash: 3n } as const
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
    control.set('reset', 0n)
    control.set('ownIv', 0n)
    for (const method of shimmedFunctions) {
      for (const word of ['until', 'delayUs', 'mood'] as const) control.setRule(method, word, 0n)
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
    chooseIvs: () => control.set('ownIv', 1n),
    mend,
    calls: (method) => (method ? calls(method) : shimmedFunctions.reduce((sum, each) => sum + calls(each), 0)),
    reset: () => control.set('reset', 1n),
    release() {
      mend()
      control.close()
    },
  }
}
