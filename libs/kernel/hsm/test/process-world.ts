import { readdirSync, readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import type { KeyRecord, Keystore, KeystoreOptions } from '../src/index.ts'
import { openKeystore } from '../src/index.ts'
import { shimFaults, type ShimFaults, type SoftToken } from '../src/testing/index.ts'
import { testedModules } from './modules.ts'
import { provisionedToken, tenant } from './world.ts'

export interface ProcessWorld {
  readonly token: SoftToken
  readonly keys: readonly KeyRecord[]
  readonly device: ShimFaults
  /** Two sessions and a look at the token each minute, unless said otherwise. */
  readonly open: (changes?: Partial<KeystoreOptions>) => Promise<Keystore>
}

/** A token behind the fault shim, and keystores on it that work in processes of their own. */
export async function makeProcessWorld(): Promise<ProcessWorld> {
  const module = testedModules.find(({ executor }) => executor === 'process')
  if (module === undefined) throw new Error('no module is tested in a process')
  const { token, keys } = await provisionedToken(module)
  const device = shimFaults(token.module)
  onTestFinished(() => device.release())
  const open = async (changes: Partial<KeystoreOptions> = {}) => {
    const defaults = { executor: 'process', sessions: 2, probeIntervalMs: 60_000 } as const
    const keystore = await openKeystore({ ...token, ...tenant, keys, ...defaults, ...changes })
    onTestFinished(async () => {
      device.mend()
      await keystore.close()
    })
    return keystore
  }
  return { token, keys, device, open }
}

/** The processes that hold tokens for the process `parent`. Linux. */
export const tokenProcesses = (parent = process.pid): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent && readProc(pid, 'cmdline').includes('/process/main.'))

export const readProc = (pid: number, file: 'cmdline' | 'environ' | 'stat'): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // Ended meanwhile.
    return ''
  }
}

/** The second number after the name, which stands in brackets. A zombie has ended. */
function parentOf(pid: number): number | undefined {
  const [state, parent] = (readProc(pid, 'stat').split(') ')[1] ?? '').split(' ')
  return state === 'Z' ? undefined : Number(parent)
}
