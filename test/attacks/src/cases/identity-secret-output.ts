import { ask } from '../attacker/ask.ts'
import { Aviary } from '../attacker/canaries.ts'
import {
  demandIn,
  enableTotp,
  type IdentityPlace,
  keychainOf,
  linkTo,
  openWallet,
  passing,
  settleOwner,
} from '../attacker/identity-people.ts'
import { askIdentityBadly, askIdentityProperly } from '../attacker/identity-requests.ts'
import { askAll, judgeOutput, type OutputVerdict, type SecretOutput } from './secret-output.ts'

export interface IdentitySecretOutput extends Omit<SecretOutput, 'baseUrl'> {
  readonly place: IdentityPlace
}

/** Case 21: a secret of its own in each field, header and path of the Identity Storage's API, then none of them in what comes out. */
export async function spillIdentityCanaries({
  place,
  outputs,
  randomness,
}: IdentitySecretOutput): Promise<OutputVerdict> {
  const aviary = new Aviary(randomness)
  const keychain = keychainOf(aviary.release('keychain'))
  const owner = await settleOwner(place, randomness, { keychain })
  aviary.watch('id', Buffer.from(owner.walletId))
  aviary.watch('address', Buffer.from(owner.email))
  aviary.watch('token of the link', Buffer.from((await linkTo(place, owner.email)).token))
  const totp = await enableTotp(place, owner)
  aviary.watch('TOTP seed', Buffer.from(totp.secret))
  const demanded = demandIn(await ask(openWallet(place, owner.walletId)))
  aviary.watch('token of a demand', Buffer.from(demanded?.token ?? ''))
  const opened = await passing(place, () => openWallet(place, owner.walletId), { totp: totp.secret })
  const [, session = ''] = /"encryption_key":"([0-9a-f]{64})"/.exec(opened.body) ?? []
  if (session !== '') aviary.watch('key of a session', Buffer.from(session))

  const cast = { place, owner, aviary, randomness }
  // What an owner asks of his own comes back to him; it is in nothing else.
  const own = askIdentityProperly(cast)
  await askAll({ baseUrl: place.baseUrl, questions: own, broken: [] })
  const line = `GET /wallets/${owner.walletId} HTTP/1.1\r\nHost: canary.example\r\n`
  const answers = await askAll({
    baseUrl: place.baseUrl,
    questions: askIdentityBadly(cast),
    broken: [
      `${aviary.release('no HTTP at all')}\r\n\r\n`,
      `${line}Signature: ${aviary.release('header with a bad name')}\r\nbad name: x\r\n\r\n`,
      `${line}Signature: ${aviary.release('header that is too long').repeat(4_000)}\r\n\r\n`,
      `${line}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nX-Api-Key: ${aviary.release('ambiguous framing')}\r\n\r\n`,
    ],
  })
  return judgeOutput({ answers, aviary, outputs })
}
