import { Refused, Unusable } from '../outcome.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What an operator types who has no second device: it goes into the transcript. */
export const sentenceFor = (app: string): string =>
  `the keys of ${app} are lost with this one device, and I accept that`

export interface Declined {
  /** Of whoever ran this without being asked. */
  readonly reason?: string
  /** As it was typed. */
  readonly sentence?: string
}

/** In writing, before any key is made. Throws `Unusable` where nobody can be asked, `Refused` where something else is typed. */
export async function declineSecondDevice(
  app: string,
  { ask }: Pick<Terminal, 'ask'>,
  { withoutSecondDevice: reason, yes }: { withoutSecondDevice?: string; yes?: boolean },
): Promise<Declined> {
  if (reason !== undefined) {
    if (reason.trim() === '') throw new Unusable('--without-second-device wants a reason: it stands in the transcript')
    return { reason }
  }
  if (yes === true || ask === undefined)
    throw new Unusable(
      `${app} has one device: configure HSM_2_TOKEN_LABEL, name a clone with --clone-token, or say --without-second-device "<reason>"`,
    )
  const sentence = sentenceFor(app)
  const typed = await ask.text(`${app} has no second device. To go on without one, type: ${sentence}`)
  if (typed.trim().toLowerCase() === sentence.toLowerCase()) return { sentence: typed.trim() }
  throw new Refused('that was not the sentence: no key was made')
}
