import { Aviary } from '../attacker/canaries.ts'
import { type LcaPlace, newShare, settle } from '../attacker/lca-people.ts'
import { askLcaBadly, askLcaProperly } from '../attacker/lca-requests.ts'
import { newAddress } from '../attacker/people.ts'
import { askAll, judgeOutput, type OutputVerdict, type SecretOutput } from './secret-output.ts'

export interface LcaSecretOutput extends Omit<SecretOutput, 'baseUrl'> {
  place: LcaPlace
}

/** Case 21: a secret of its own in each field, header and query of the LCA API, then none of them in what comes out. */
export async function spillLcaCanaries({ place, outputs, randomness }: LcaSecretOutput): Promise<OutputVerdict> {
  const aviary = new Aviary(randomness)
  const { baseUrl } = place
  const person = await settle(place, { email: newAddress(randomness) }, newShare(randomness))
  const cast = { baseUrl, aviary, login: await person.login(), vp: person.vp() }
  aviary.watch('login token', Buffer.from(cast.login.authToken.split('.')[2] ?? ''))
  aviary.watch('presentation', Buffer.from(cast.vp.split('.')[2] ?? ''))
  const line = 'GET /api/keys/recovery HTTP/1.1\r\nHost: canary.example\r\n'
  const answers = await askAll({
    baseUrl,
    questions: [...askLcaProperly(cast), ...askLcaBadly(cast)],
    broken: [
      `${aviary.release('no HTTP at all')}\r\n\r\n`,
      `${line}Authorization: Bearer ${aviary.release('header with a bad name')}\r\nbad name: x\r\n\r\n`,
      `${line}Authorization: ${aviary.release('header that is too long').repeat(4_000)}\r\n\r\n`,
    ],
  })
  return judgeOutput({ answers, aviary, outputs })
}
