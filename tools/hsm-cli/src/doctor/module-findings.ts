import type { Inspection, ModuleFault, Stop } from '@strongroom/hsm/inspection'
import { type Finding, mend } from './finding.ts'

const remedies: Readonly<Record<ModuleFault['kind'], string>> = {
  missing: 'install the module, or correct the path',
  unreadable: 'let the user of the app read the file and the folders above it',
  'no-library': 'name the shared library itself, not its package, its configuration or a script that starts it',
  'wrong-platform': 'install the vendor’s package for this system',
  'wrong-architecture': 'install the vendor’s package for this architecture, or run Node of the other one',
  'does-not-load': 'install what the loader misses, or name its folder in LD_LIBRARY_PATH',
  'no-pkcs11': 'name the PKCS#11 library of the vendor: others of its package look alike',
}

/** What keeps the module from being used at all. */
export function moduleFindings({ module: { fault } }: Inspection): readonly Finding[] {
  if (fault === undefined) return []
  return [mend(`module-${fault.kind}`, `The module cannot be used: ${fault.detail}.`, sentence(remedies[fault.kind]))]
}

/** Where the look ended before its end. The keystore’s own messages say what and how to mend, with a colon between. */
export function stopFindings({ module: { fault }, stopped }: Inspection): readonly Finding[] {
  if (stopped === undefined || fault !== undefined) return []
  const [says, remedy] = parted(stopped.message)
  return [mend(stopped.reason, sentence(says), remedy === undefined ? adviceFor(stopped) : sentence(remedy))]
}

function adviceFor({ at, reason }: Stop): string {
  if (at === 'module')
    return 'The module does not start: look whether its configuration, its daemon or its network are there for this user.'
  if (reason === 'unsupported') return 'Use another token, or another firmware.'
  return `The token did not answer at the step "${at}": look at its own log, and run this again.`
}

/** The last colon that ends a phrase, since labels and codes may hold others. */
export function parted(message: string): readonly [string, string | undefined] {
  const at = message.lastIndexOf(': ')
  return at < 0 || /CKR_/.test(message.slice(at)) ? [message, undefined] : [message.slice(0, at), message.slice(at + 2)]
}

export const sentence = (text: string): string => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}
