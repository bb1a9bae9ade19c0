import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { keptVariables } from '../process/spawn-process.ts'
import type { Inspection } from './inspection.ts'
import type { InspectionNews, InspectionPlan } from './inspection-plan.ts'

/** Never rejects: a process that dies or falls silent is what was found. */
export function inspectInProcess(plan: InspectionPlan, { patienceMs }: { patienceMs: number }): Promise<Inspection> {
  const extension = extname(import.meta.filename)
  const child = fork(new URL(`./inspect-main${extension}`, import.meta.url), {
    env: { ...keptVariables(), ...moduleVariables(), ...plan.module.environment },
    execArgv: extension === '.ts' ? ['--conditions=@strongroom/source'] : [],
    serialization: 'advanced',
    // What a module prints is no part of a report.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const { promise, resolve } = Promise.withResolvers<Inspection>()
  let last: InspectionNews = { found: { module: plan.module, slots: [], keys: [] }, next: 'module' }
  let why: string | undefined
  const silence = setTimeout(() => {
    why = `nothing came from it for ${String(patienceMs / 1000)} seconds`
    child.kill('SIGKILL')
  }, patienceMs)
  child.on('message', (message) => {
    silence.refresh()
    last = message as InspectionNews
  })
  child.on('error', (error) => (why = error.message))
  child.on('close', (code, signal) => {
    clearTimeout(silence)
    const { found, next } = last
    if (next === 'end') return resolve(found)
    const end = why ?? `its process ended (${signal ?? String(code)})`
    const remedy = 'ask its vendor, and let its calls run in a process of their own (HSM_EXECUTOR=process)'
    resolve({
      ...found,
      stopped: { at: next, reason: 'died', message: `the module did not come back from this step, ${end}: ${remedy}` },
    })
  })
  child.send(plan)
  return promise
}

/** Where modules look for their own configuration, as they would under an app that does not name it. */
const MODULE_VARIABLES =
  /^(SOFTHSM2_CONF|NSS_|CHRYSTOKI|ChrystokiConfigurationPath|CS_PKCS11_|CKNFAST_|NFAST_|YUBIHSM_PKCS11_|KMS_PKCS11_|ET_|OPENCRYPTOKI|PKCS11_|TPM2_PKCS11_|LIBKMSP11)/

const moduleVariables = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => MODULE_VARIABLES.test(name) && !/PIN|SECRET|PASSWORD/.test(name)),
  )
