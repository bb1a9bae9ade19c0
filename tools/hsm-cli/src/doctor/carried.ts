import type { KeyJob, KeyNeed } from '@strongroom/hsm'
import type { JobProof, Proofs } from '@strongroom/hsm/inspection'
import { type Finding, know, mend } from './finding.ts'

/** One thing that an app does with a token, and whether this one can carry it. */
export interface Feature {
  readonly job: KeyJob
  /** Of keys that are told apart by what they are for. */
  readonly uses: readonly string[]
  readonly feature: string
  readonly carried: JobProof['carried'] | 'missing, and not needed'
  readonly how: string
}

export interface AppCarried {
  readonly app: string
  readonly runs: boolean
  readonly features: readonly Feature[]
}

const features: Readonly<Record<KeyJob, string>> = {
  seal: 'keeps what clients bring',
  wrap: 'issues keys that are made inside the token',
  'wrap-pair': 'issues key pairs, and signs with them',
  mac: 'compares PINs and codes, looks up contacts, stamps rows that decide',
  sign: 'signs the audit log, and events',
  'sign-ed25519': 'signs on a ledger',
  recover: 'opens recovery copies, on a token of its own',
}

export function carriedBy({ jobs, lockWrap }: Proofs, app: string, needs: readonly KeyNeed[]): AppCarried {
  const found = [...new Set(needs.map(({ job }) => job))].map((job) => {
    const own = needs.filter((need) => need.job === job)
    const proof = jobs.find((one) => one.job === job)
    const isOptional = own.every(({ demand }) => demand === 'where-able')
    return featureOf({ job, own, proof, isOptional })
  })
  const locks = needs.some(({ job, use }) => job === 'mac' && use === 'lock')
  const all = locks ? [...found, lockFeature(lockWrap)] : found
  return { app, runs: all.every(({ carried }) => carried !== 'missing'), features: all }
}

function featureOf(need: {
  job: KeyJob
  own: readonly KeyNeed[]
  proof: JobProof | undefined
  isOptional: boolean
}): Feature {
  const { job, own, proof, isOptional } = need
  const known = { job, uses: own.map(({ use }) => use).filter((use) => use !== ''), feature: features[job] }
  if (proof === undefined || proof.carried === 'missing') {
    const how = `it lacks ${proof?.missing ?? 'what was not tried'}`
    return { ...known, carried: isOptional ? 'missing, and not needed' : 'missing', how }
  }
  const strategy = proof.strategy ?? ''
  return proof.carried === 'inside'
    ? { ...known, carried: 'inside', how: strategy }
    : { ...known, carried: 'falls back', how: `${strategy}: drawn by the token, and sealed by it` }
}

const lockFeature = (lockWrap: string | undefined): Feature => ({
  job: 'mac',
  uses: ['lock'],
  feature: 'locks keys with a PIN',
  carried: lockWrap === undefined ? 'falls back' : 'inside',
  how: lockWrap ?? 'wrapped in our process, in the same format',
})

const remedy =
  'Allow the mechanism in the token’s policy if it is switched off there, take another firmware, or another token for these apps.'

/** Of apps that nobody asked for: what keeps them away, once for each thing that is missing. */
export function couldFindings(apps: readonly AppCarried[]): readonly Finding[] {
  const lacking = apps.flatMap(({ app, features: all }) => all.map((one) => ({ app, ...one })))
  const missing = lacking.filter(({ carried }) => carried === 'missing')
  return Object.entries(Object.groupBy(missing, ({ how }) => how)).map(([how, needed = []]) => {
    const names = [...new Set(needed.map(({ app }) => app))].join(', ')
    const wanted = [...new Set(needed.map(({ feature }) => feature))].join('; ')
    return know('capability-missing', `${names}: ${wanted}. This token cannot: ${how}.`, remedy)
  })
}

/** Of an app that was asked for by name. */
export const lackFindings = ({ app, features: all }: AppCarried): readonly Finding[] =>
  all
    .filter(({ carried }) => carried === 'missing')
    .map(({ feature, how, uses }) =>
      mend(
        'capability-missing',
        `${app} ${feature}${uses.length > 0 ? ` (${uses.join(', ')})` : ''}, and this token cannot: ${how}.`,
        remedy,
      ),
    )
