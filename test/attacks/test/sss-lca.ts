import { startSssLca as startWorld, type World } from '@strongroom/sss-lca/testing'
import type { AppProcess, AppWish } from '@strongroom/test-world'
import type { LcaOriginal, LcaPlace } from '../src/index.ts'
import { baseUrlOf } from './key-server.ts'

/** Our app as the target. */
export const startSssLca = ({ settings, ...wish }: Omit<AppWish, 'app'> = {}): Promise<World> =>
  startWorld({ ...wish, settings: { LOG_LEVEL: 'debug', ...settings } })

/** One of its processes as an attack sees it. */
export const lcaPlaceOf = (
  { app, issuer }: World,
  { baseUrl }: Pick<AppProcess, 'baseUrl'> = { baseUrl: baseUrlOf(app) },
): LcaPlace => ({
  baseUrl,
  issuer,
  textsTo: async (address) => (await app.messagesTo(address)).map(({ text }) => text),
})

/** Its original. No token's signature is looked at there, so that one issuer serves both. */
export const lcaPlaceOfOriginal = (original: LcaOriginal): LcaPlace => ({
  baseUrl: baseUrlOf(original),
  issuer: unsignedIssuer,
  textsTo: original.textsTo,
})

type Issuer = LcaPlace['issuer']
const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Names a person by contact, and by another subject where one is asked for. */
const unsignedIssuer: Issuer = {
  issueToken: ({ email, phone, subject = `subject of ${email ?? phone ?? 'nobody'}` }) =>
    Promise.resolve(
      [
        encode({ alg: 'none' }),
        encode({ sub: subject, ...(email && { email }), ...(phone && { phone_number: phone }) }),
        'unsigned',
      ].join('.'),
    ),
}
