import type { PKCS11 } from 'pkcs11js'
import { acquireModule, type ModuleSource } from '../pkcs11/module-registry.ts'
import { ShimControl } from './shim-control.ts'
import { shimFaults } from './shim-faults.ts'

type Native = (...parameters: unknown[]) => unknown
export type Method = Extract<keyof PKCS11, `C_${string}`>

/** A fault of the device, as PKCS#11 would tell it. */
export interface Fault {
  readonly name: string
  readonly code: number
  /** The first call that fails, counted from now: 1 by default. */
  readonly first?: number
  /** How many calls fail from then on; every one by default. */
  readonly times?: number
}

/** The native calls of one module, counted, and made to fail on demand: a device that is really there, on a bad day. */
export interface ModuleFaults {
  fail(methods: readonly Method[], fault: Fault): void
  mend(): void
  /** Of one method, or of all. */
  calls(method?: Method): number
  /** Finalises the module behind its users' back, as a device does that resets itself: at once, or at the next call. */
  reset(): void
  release(): void
}

/** Of a shim in every process that uses it, of any other module in this one. */
export const injectFaults = (source: ModuleSource): ModuleFaults =>
  ShimControl.isOf(source) ? shimFaults(source) : faultsInThisProcess(source)

function faultsInThisProcess(source: ModuleSource): ModuleFaults {
  const module = acquireModule(source)
  const { pkcs11 } = module
  const counts = new Map<Method, number>()
  const faults = new Map<Method, { fault: Fault; spared: number; left: number }>()
  const originals = new Map(methodsOf(pkcs11).map((method) => [method, pkcs11[method] as Native]))
  for (const [method, original] of originals) {
    Object.assign(pkcs11, {
      [method]: (...parameters: unknown[]) => {
        counts.set(method, (counts.get(method) ?? 0) + 1)
        throwFault(faults.get(method))
        return original.apply(pkcs11, parameters)
      },
    })
  }
  return {
    fail: (failing, fault) => {
      for (const method of failing) {
        faults.set(method, { fault, spared: (fault.first ?? 1) - 1, left: fault.times ?? Number.POSITIVE_INFINITY })
      }
    },
    mend: () => faults.clear(),
    calls: (method) =>
      method ? (counts.get(method) ?? 0) : [...counts.values()].reduce((sum, count) => sum + count, 0),
    reset: () => pkcs11.C_Finalize(),
    release() {
      Object.assign(pkcs11, Object.fromEntries(originals))
      module.release()
    },
  }
}

function throwFault(planned: { fault: Fault; spared: number; left: number } | undefined): void {
  if (planned === undefined || planned.left === 0 || planned.spared-- > 0) return
  planned.left--
  throw new Error(`${planned.fault.name}:${planned.fault.code}`)
}

// pkcs11js puts its native methods on the instance and a few more on the class.
const methodsOf = (pkcs11: PKCS11): readonly Method[] =>
  [...new Set([...Object.keys(pkcs11), ...Object.getOwnPropertyNames(Object.getPrototypeOf(pkcs11))])].filter(
    (name): name is Method => /^C_[A-Za-z]+$/.test(name) && !/(Async|Callback)$/.test(name),
  )
