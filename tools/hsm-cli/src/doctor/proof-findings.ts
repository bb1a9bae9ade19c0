import type { Proofs } from '@strongroom/hsm/inspection'
import { type Finding, know } from './finding.ts'

/** Of what a process of an app takes by default. */
export const fewSessions = (sessions: number): Finding =>
  know(
    'few-sessions',
    `The token gives ${String(sessions)} sessions.`,
    `Set HSM_SESSIONS to ${String(Math.max(1, sessions - 2))} or less, divided by the processes that use the token.`,
  )

/** What the token can do, and how well. */
export function proofFindings(proofs: Proofs): readonly Finding[] {
  const findings: Finding[] = []
  const { mechanismLists, extractable, lockWrap, jobs, sessions, executor } = proofs
  if (mechanismLists === 'ignored') {
    findings.push(
      know(
        'mechanism-lists-ignored',
        'Lists of allowed mechanisms do not bind: who has the PIN can use a key in other ways of its job than ours, by ECB for one.',
        'Guard the PIN, keep the partition to this app, and restrict mechanisms by the token’s own policy where it has one.',
      ),
    )
  }
  if (extractable === 'ignored') {
    findings.push(
      know(
        'extractable-ignored',
        'Keys that may not be extracted can be wrapped out all the same, by who has the PIN.',
        'Take this token for development and tests; another one keeps what it promises.',
      ),
    )
  }
  if (lockWrap === undefined) {
    findings.push(
      know(
        'locks-outside',
        'Keys behind a PIN cannot be wrapped inside the token: they pass through the memory of our process, in the same format.',
        'Nothing needs doing; a token that imports keys and wraps by RFC 3394 or RFC 5649 would keep them inside.',
      ),
    )
  }
  const fallsBack = (job: string) => jobs.some((proof) => proof.job === job && proof.carried === 'falls back')
  if (fallsBack('wrap')) {
    findings.push(
      know(
        'nothing-wraps',
        'Nothing wraps here: keys that an app issues are drawn by the token and sealed, and pass through our memory once more.',
        'Allow AES key wrap in the token’s policy (FIPS modes may forbid a readable unwrapped key), or live with it.',
      ),
    )
  }
  if (fallsBack('wrap-pair')) {
    findings.push(
      know(
        'pairs-outside',
        'Private keys cannot be wrapped here: key pairs that an app issues are drawn by the token and sealed, and sign in our process.',
        'Take a token that wraps private keys on P-256 and secp256k1 for an app that issues them, or live with it.',
      ),
    )
  }
  if (jobs.some(({ strategy }) => strategy?.includes('sha1') === true)) {
    findings.push(
      know(
        'oaep-sha1',
        'OAEP is done with SHA-1 alone. That is not broken for OAEP, and auditors ask.',
        'Take a token that does OAEP with SHA-256 as the recovery token, if somebody asks.',
      ),
    )
  }
  if (sessions.opened < sessions.tried) findings.push(fewSessions(sessions.opened + 1))
  if (executor === 'process') {
    findings.push(
      know(
        'slow',
        'A call takes so long that it would hold up all others of a process.',
        'Leave HSM_EXECUTOR at auto, or set it to process, and measure with strongroom-hsm bench.',
      ),
    )
  }
  return findings
}
