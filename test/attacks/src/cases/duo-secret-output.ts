import { Aviary } from '../attacker/canaries.ts'
import { type DuoPlace, settleDuo } from '../attacker/duo-people.ts'
import { askDuoBadly, askDuoProperly } from '../attacker/duo-requests.ts'
import { askAll, judgeOutput, type OutputVerdict, type SecretOutput } from './secret-output.ts'

export interface DuoSecretOutput extends Omit<SecretOutput, 'baseUrl'> {
  place: DuoPlace
}

/** Case 21: a secret of its own in each field, header and path of the Duo API, then none of them in what comes out. */
export async function spillDuoCanaries({ place, outputs, randomness }: DuoSecretOutput): Promise<OutputVerdict> {
  const aviary = new Aviary(randomness)
  const owner = await settleDuo(place, randomness)
  aviary.watch('subject', Buffer.from(owner.person.subject.slice('auth0|'.length)))
  aviary.watch('share that is kept', Buffer.from(owner.share, 'base64'))
  aviary.watch('token', Buffer.from(owner.person.token.split('.')[2] ?? ''))
  const cast = { ...place, owner, aviary }
  const line = 'GET /v2/keys HTTP/1.1\r\nHost: canary.example\r\n'
  const answers = await askAll({
    baseUrl: place.baseUrl,
    questions: [...askDuoProperly(cast), ...askDuoBadly(cast)],
    broken: [
      `${aviary.release('no HTTP at all')}\r\n\r\n`,
      `${line}Authorization: Bearer ${aviary.release('header with a bad name')}\r\nbad name: x\r\n\r\n`,
      `${line}Authorization: ${aviary.release('header that is too long').repeat(4_000)}\r\n\r\n`,
    ],
  })
  return judgeOutput({ answers, aviary, outputs })
}
