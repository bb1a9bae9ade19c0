import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { z } from 'zod'
import type { People, Person } from './people.ts'
import { personGrant } from './request-token.ts'

const fields = z.object({
  sub: z.string().min(1).max(128).optional(),
  email: z.email().optional(),
  email_verified: z.stringbool().default(true),
  phone_number: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$/)
    .optional(),
  lifetime: z.coerce.number().int().default(3600),
})

type Fields = z.infer<typeof fields>

/** Lets `provider` issue tokens to whoever names a person, who becomes one of `people` by being named. */
export function registerPersonGrant(provider: Provider, people: People): void {
  const handle = async (ctx: GrantContext) => {
    const parsed = fields.safeParse(ctx.oidc.params)
    const problem = parsed.success ? nobodyIn(parsed.data) : z.prettifyError(parsed.error)
    if (!parsed.success || problem) return refuse(ctx, problem ?? '')
    const { lifetime } = parsed.data
    const named = personOf(people, parsed.data)
    const { client } = ctx.oidc
    ctx.body = {
      token_type: 'Bearer',
      expires_in: lifetime,
      id_token: await idToken(provider, { ctx, named, lifetime }),
      access_token: await accessToken(provider, { client, ctx, named, lifetime }),
    }
  }
  provider.registerGrantType(personGrant, handle, Object.keys(fields.shape))
}

type GrantContext = KoaContextWithOIDC & { readonly oidc: { readonly client: Client; readonly params: object } }

const nobodyIn = ({ sub, email, phone_number }: Fields): string | undefined =>
  (sub ?? email ?? phone_number) === undefined ? 'name a person: sub, email or phone_number' : undefined

function refuse(ctx: KoaContextWithOIDC, problem: string): void {
  ctx.status = 400
  ctx.body = { error: 'invalid_request', error_description: problem }
}

function personOf(people: People, { sub, email, email_verified, phone_number }: Fields): Person {
  const change = {
    ...(email !== undefined && { email, emailVerified: email_verified }),
    ...(phone_number !== undefined && { phoneNumber: phone_number }),
  }
  const found = sub === undefined ? people.by({ email, phoneNumber: phone_number }) : people.byId(sub)
  return found ? people.change(found, change) : people.add(change, sub)
}

/** The claims by which Firebase says how a person is reached. */
const claimsOf = ({ email, emailVerified, phoneNumber }: Person) => ({
  ...(email !== undefined && { email, email_verified: emailVerified }),
  ...(phoneNumber !== undefined && { phone_number: phoneNumber }),
  auth_time: now(),
})

const now = (): number => Math.floor(Date.now() / 1000)

interface Issuing {
  readonly ctx: KoaContextWithOIDC
  readonly named: Person
  readonly lifetime: number
}

async function idToken({ IdToken }: Provider, { ctx, named, lifetime }: Issuing): Promise<string> {
  const token = new IdToken({}, { ctx })
  // Set, not available: the library would hold back what no scope asked for, the subject too.
  for (const [claim, value] of Object.entries({ sub: named.localId, ...claimsOf(named) })) token.set(claim, value)
  return token.issue({ use: 'idtoken', expiresAt: now() + lifetime })
}

async function accessToken(
  { AccessToken, ResourceServer }: Provider,
  { client, ctx, named, lifetime }: Issuing & { client: Client },
): Promise<string> {
  ctx.state['claims'] = claimsOf(named)
  const grant = { grantId: personGrant, gty: personGrant }
  const token = new AccessToken({ ...grant, accountId: named.localId, client, expiresIn: lifetime })
  token.resourceServer = new ResourceServer(`urn:strongroom:development:${client.clientId}`, {
    scope: '',
    audience: client.clientId,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  })
  return token.save()
}
