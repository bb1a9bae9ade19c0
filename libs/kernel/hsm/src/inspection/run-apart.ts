import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { keptVariables } from '../process/spawn-process.ts'
import type { ModuleSource } from '../pkcs11/module-registry.ts'

/** What a process said last, and how it ended. */
export interface Apart<News> {
  readonly last: News | undefined
  readonly end: string
}

export interface Work {
  /** Beside this file, without its extension. */
  readonly script: 'inspect-main' | 'bench-main'
  readonly plan: { readonly module: ModuleSource }
  /** Of silence: after it the process is killed. */
  readonly patienceMs: number
}

/**
 * In a process of its own, which a vendor’s library may crash or hang. The plan goes over its channel, and of our environment
 * what modules read. Never rejects.
 */
export function runApart<News>({ script, plan, patienceMs }: Work): Promise<Apart<News>> {
  const extension = extname(import.meta.filename)
  const child = fork(new URL(`./${script}${extension}`, import.meta.url), {
    env: { ...keptVariables(), ...moduleVariables(), ...plan.module.environment },
    execArgv: extension === '.ts' ? ['--conditions=@strongroom/source'] : [],
    serialization: 'advanced',
    // What a module prints is no part of a report.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const { promise, resolve } = Promise.withResolvers<Apart<News>>()
  let last: News | undefined
  let why: string | undefined
  const silence = setTimeout(() => {
    why = `nothing came from it for ${String(patienceMs / 1000)} seconds`
    child.kill('SIGKILL')
  }, patienceMs)
  child.on('message', (message) => {
    silence.refresh()
    last = message as News
  })
  child.on('error', (error) => (why = error.message))
  child.on('close', (code, signal) => {
    clearTimeout(silence)
    resolve({ last, end: why ?? `its process ended (${signal ?? String(code)})` })
  })
  child.send(plan)
  return promise
}

/** Where modules look for their own configuration, as they would under an app that does not name it. */
const MODULE_VARIABLES =
  /^(SOFTHSM2_CONF|NSS_|CHRYSTOKI|ChrystokiConfigurationPath|CS_PKCS11_|CKNFAST_|NFAST_|YUBIHSM_PKCS11_|KMS_PKCS11_|ET_|OPENCRYPTOKI|PKCS11_|TPM2_PKCS11_|LIBKMSP11)/

export const moduleVariables = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && MODULE_VARIABLES.test(name) && !/PIN|SECRET|PASSWORD/.test(name) ? [[name, value]] : [],
    ),
  )
