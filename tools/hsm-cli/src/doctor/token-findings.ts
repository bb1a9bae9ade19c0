import type { Inspection, TokenLook } from '@strongroom/hsm/inspection'
import { type Finding, know, mend } from './finding.ts'
import { parted, sentence } from './module-findings.ts'
import { fewSessions, proofFindings } from './proof-findings.ts'

/** Sessions that one process of an app takes by default, with the one that holds the login and the one for proofs. */
const USUAL_SESSIONS = 10
const LITTLE_MEMORY = 0.1

export const tokenFindings = ({ token, proofs, keys }: Inspection): readonly Finding[] => [
  ...(token === undefined ? [] : [...pinFindings(token), ...placeFindings(token), ...capacityFindings(token)]),
  ...(proofs === undefined ? [] : proofFindings(proofs)),
  ...keys.flatMap(({ label, refusal }) => {
    if (refusal === undefined) return []
    const [says, remedy = `look at the key "${label}" with the vendor’s tools`] = parted(refusal.message)
    return [mend(refusal.reason, sentence(says), sentence(remedy))]
  }),
]

const pinFindings = ({ pin }: TokenLook): readonly Finding[] => [
  ...(pin.mustBeChanged
    ? [
        mend(
          'pin-to-be-changed',
          'The token wants the PIN of its user changed.',
          'Set a new one with the vendor’s tool.',
        ),
      ]
    : []),
  ...(pin.isSet
    ? []
    : [mend('pin-not-set', 'The token has no PIN for its user yet.', 'Have its security officer set one.')]),
]

function placeFindings({ description: { software, model, serial }, profile }: TokenLook): readonly Finding[] {
  const findings: Finding[] = []
  if (software) {
    findings.push(
      know(
        'software',
        'The token keeps its keys in software: who can read the files of this machine, and learns the PIN, has them.',
        `Use hardware, or allow it by name in production: HSM_ALLOW_SOFTWARE="${model}".`,
      ),
    )
  } else if (profile === 'none') {
    findings.push(
      know(
        'no-profile',
        'No vendor profile fits what the token says of itself.',
        'If docs/hsm has a page for it, name it with HSM_PROFILE and --profile; the standard is assumed otherwise.',
      ),
    )
  }
  if (/^[0 ]*$/.test(serial)) {
    findings.push(
      know(
        'no-serial',
        'The token has no serial number of its own: it cannot be told from another of its kind.',
        'Do not take two of these for an app’s own token and its recovery token: the start refuses that.',
      ),
    )
  }
  return findings
}

function capacityFindings({ mostSessions, memory }: TokenLook): readonly Finding[] {
  const findings: Finding[] = []
  if (typeof mostSessions === 'number' && mostSessions < USUAL_SESSIONS) {
    findings.push(fewSessions(mostSessions))
  }
  if (memory !== undefined && memory.free < memory.total * LITTLE_MEMORY) {
    findings.push(
      mend(
        'little-memory',
        `The token has ${String(memory.free)} of ${String(memory.total)} bytes left for private objects.`,
        'Clear away keys that nothing uses before new ones are made, or take a larger partition.',
      ),
    )
  }
  return findings
}
