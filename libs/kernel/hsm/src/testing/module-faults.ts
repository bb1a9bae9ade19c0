import type { PKCS11 } from 'pkcs11js'
import { acquireModule, type ModuleSource } from '../pkcs11/module-registry.ts'

type Method = Extract<keyof PKCS11, `C_${string}`>

/** A fault of the device, as PKCS#11 would tell it. */
export interface Fault {
  readonly name: string
  readonly code: number
  /** How many calls fail; every one by default. */
  readonly times?: number
}

/** The native calls of one module, counted, and made to fail on demand: a device that is really there, on a bad day. */
export interface ModuleFaults {
  fail(methods: readonly Method[], fault: Fault): void
  mend(): void
  /** Of one method, or of all. */
  calls(method?: Method): number
  /** Finalises the module behind its users' back, as a device does that resets itself. */
  reset(): void
  release(): void
}

export function injectFaults(source: ModuleSource): ModuleFaults {
  const module = acquireModule(source)
  const { pkcs11 } = module
  const counts = new Map<Method, number>()
  const faults = new Map<Method, { fault: Fault; left: number }>()
  const methods = methodsOf(pkcs11)
  for (const method of methods) {
    const original = pkcs11[method] as (...parameters: unknown[]) => unknown
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
      for (const method of failing) faults.set(method, { fault, left: fault.times ?? Number.POSITIVE_INFINITY })
    },
    mend: () => faults.clear(),
    calls: (method) => (method ? (counts.get(method) ?? 0) : [...counts.values()].reduce((sum, count) => sum + count, 0)),
    reset: () => pkcs11.C_Finalize(),
    release() {
      for (const method of methods) Reflect.deleteProperty(pkcs11, method)
      module.release()
    },
  }
}

function throwFault(planned: { fault: Fault; left: number } | undefined): void {
  if (planned === undefined || planned.left === 0) return
  planned.left--
  throw new Error(`${planned.fault.name}:${planned.fault.code}`)
}

const methodsOf = (pkcs11: PKCS11): readonly Method[] =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(pkcs11)).filter((name): name is Method => /^C_\w+$/.test(name))
