import { Secret } from '@strongroom/crypto'
import { findTraits } from '../conformance/traits.ts'
import { mechanismNames } from '../conformance/mechanism-names.ts'
import { attach } from '../connect.ts'
import { loadKeys } from '../keys/key-set.ts'
import type { KeyRecord } from '../keystore.ts'
import { SLOW_MS } from '../open-executor.ts'
import { isDeviceError } from '../pkcs11/device-error.ts'
import { acquireModule, type LoadedModule } from '../pkcs11/module-registry.ts'
import { Session } from '../pkcs11/session.ts'
import { findToken } from '../pkcs11/token.ts'
import { workingKind } from '../profiles/sessions.ts'
import type { TokenLink } from '../token-link.ts'
import type { Inspection, KeyLook, Proofs, Step } from './inspection.ts'
import type { InspectionNews, InspectionPlan, PlannedToken } from './inspection-plan.ts'
import { libraryOf, slotsOf } from './look-at-module.ts'
import { countObjects, lookAtToken } from './look-at-token.ts'
import { measureLatencies } from './measure.ts'
import { faultOfFile, faultOfLoading } from './module-fault.ts'
import { type Ground, proveJobs } from './prove-jobs.ts'
import { reasonOf } from './reason-of.ts'

const SESSIONS_TRIED = 16

type Tell = (news: InspectionNews) => void

export interface LookOrder extends Omit<InspectionPlan, 'token'> {
  readonly token?: PlannedToken
}

/** Looks step by step, and tells after each; a step that is refused is the last. Makes session objects alone. */
export async function look({ module: source, token, keys }: LookOrder, tell: Tell): Promise<void> {
  let found: Inspection = { module: { path: source.path }, slots: [], keys: [] }
  let step: Step = 'module'
  const note = (more: Partial<Inspection>, next: Step | 'end') => {
    found = { ...found, ...more }
    if (next !== 'end') step = next
    tell({ found, next })
  }
  note({}, 'module')
  const fault = faultOfFile(source.path)
  if (fault !== undefined) return note({ module: { path: source.path, fault } }, 'end')
  let held: { release(): void } | undefined
  let link: TokenLink | undefined
  try {
    const module = acquireModule(source)
    held = module
    note({ module: { path: source.path, library: libraryOf(module) } }, 'slots')
    note({ slots: slotsOf(module) }, 'token')
    if (token === undefined) return note({}, 'end')
    const seen = lookAtToken(module, findToken(module.pkcs11, token.label), token.profile)
    note({ token: seen }, 'login')
    link = await logInTo(token, source)
    note({ token: { ...seen, objects: countObjects(link.access.session) } }, 'proofs')
    note({ proofs: proofsOf(module, link) }, 'keys')
    note({ keys: keys.map((record) => lookAtKey(link as TokenLink, record)) }, 'end')
  } catch (error) {
    const told = reasonOf(error)
    const more =
      told.reason === 'module-invalid' ? { module: { path: source.path, fault: faultOfLoading(source.path) } } : {}
    note({ ...more, stopped: { at: step, ...told } }, 'end')
  } finally {
    link?.close()
    held?.release()
  }
}

/** The one login, with the care of every other; software is looked at as well. */
const logInTo = ({ label, pin, lowPinCount, ...token }: PlannedToken, source: LookOrder['module']) =>
  attach({ ...token, tokenLabel: label, pin: new Secret(pin), allowSoftware: 'any' }, { source, keys: [], lowPinCount })

function proofsOf(module: LoadedModule, link: TokenLink): Proofs {
  const { capabilities, mechanismLists } = link.access
  const openSession = () => new Session(module.pkcs11, link.slot, workingKind(link.profile))
  const ground: Ground = { capabilities, openSession }
  const mechanisms = module.pkcs11.C_GetMechanismList(link.slot)
  const jobs = proveJobs(ground)
  const latencies = measureLatencies(ground, jobs)
  return {
    mechanisms: mechanisms.length,
    listed: mechanismNames.filter(([number]) => mechanisms.includes(number)).map(([, name]) => name),
    jobs,
    lockWrap: capabilities.importedWrap()?.name,
    mechanismLists,
    extractable: findTraits(openSession, link.description).extractable,
    latencies,
    sessions: { opened: openMany(openSession), tried: SESSIONS_TRIED },
    executor: isSlow(latencies) ? 'process' : 'inline',
  }
}

/** By the cheaper of what a request does with secrets; a signature computes for long on any processor. */
const isSlow = (latencies: Proofs['latencies']): boolean =>
  Math.min(...latencies.filter(({ operation }) => !operation.startsWith('signature')).map(({ p50 }) => p50)) > SLOW_MS

function openMany(openSession: () => Session): number {
  const sessions: Session[] = []
  try {
    while (sessions.length < SESSIONS_TRIED) sessions.push(openSession())
  } catch (error) {
    if (!isDeviceError(error)) throw error
  } finally {
    for (const session of sessions) session.close()
  }
  return sessions.length
}

/** One after the other, so that each that is not as recorded is named. */
function lookAtKey({ access }: TokenLink, record: KeyRecord): KeyLook {
  const { label, job, use, version, strategy } = record
  const known = { label, job, use, version, strategy }
  try {
    loadKeys(access, [record])
    return known
  } catch (error) {
    return { ...known, refusal: reasonOf(error) }
  }
}
