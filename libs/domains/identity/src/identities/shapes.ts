import { jsonApi } from '@strongroom/http/contract'
import { z } from 'zod'
import { Email } from '../wallets/contract.ts'

export const Phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'is no number in E.164')
  .meta({ description: '`+`, country and number: E.164.' })

export const Telegram = z
  .string()
  .regex(/^@?[A-Za-z]\w{3,31}$/, 'is no username of Telegram')
  .transform((text) => text.replace('@', ''))
  .pipe(z.string())

export const Passport = z
  .string()
  .regex(/^[^\p{C}\s][^\p{C}]{0,126}[^\p{C}\s]$/u, 'is not 2 to 128 printable characters')

const shown = (what: string) =>
  z
    .string()
    .nullable()
    .meta({ description: `${what}; to others than its owner and administrators only where they asked by it.` })

export const IdentityResource = jsonApi.resource(
  'identity',
  {
    address: z.string(),
    email: shown('The e-mail address'),
    phone_number: shown('The number'),
    telegram_username: shown('The username'),
    status: z.enum(['active', 'unregistered']),
    passport: z.string().nullable().optional().meta({ description: 'To its owner and administrators.' }),
    updated_at: z.iso.datetime().optional().meta({ description: 'To its owner and administrators.' }),
  },
  { account: z.object({ links: z.object({ related: z.string() }) }) },
)
export type IdentityResource = z.output<typeof IdentityResource>

/** One of the two, not both: whoever verifies the address is given the account, and never verified the number. */
export const NewIdentityGiven = jsonApi
  .givenResource('identity', { email: Email.nullish(), phone_number: Phone.nullish() })
  .superRefine(({ attributes: { email, phone_number: phone } }, context) => {
    if (Boolean(email) === Boolean(phone))
      context.addIssue({
        code: 'custom',
        path: ['attributes'],
        message: 'needs an email or a phone_number, and not both',
      })
  })
export type NewIdentityGiven = z.output<typeof NewIdentityGiven>

export const MOST_AT_ONCE = 100

/** Of what comes before a page that is asked for by its number. */
export const DEEPEST = 10_000

export const ManyIdentitiesGiven = jsonApi.givenDocument(z.array(NewIdentityGiven).min(1).max(MOST_AT_ONCE))

const OneIdentityGiven = jsonApi.givenDocument(NewIdentityGiven)

/** Judged as what it is, one or a list: a union would tell what is wrong with neither. */
export const OneOrManyIdentities = z
  .looseObject({ data: z.union([z.looseObject({}), z.array(z.unknown())]) })
  .transform((given, context) => {
    const shape: z.ZodType<z.output<typeof OneIdentityGiven> | z.output<typeof ManyIdentitiesGiven>> = Array.isArray(
      given.data,
    )
      ? ManyIdentitiesGiven
      : OneIdentityGiven
    const judged = shape.safeParse(given)
    if (judged.success) return judged.data
    for (const { path, message } of judged.error.issues) context.addIssue({ code: 'custom', path: [...path], message })
    return z.NEVER
  })

const text = z.string().max(320).optional()

/** Spaces stand where clients left a `+` as it was. */
export const filters = {
  'filter[email]': text,
  'filter[address]': text,
  'filter[phone]': text,
  'filter[identifier]': text.meta({ description: 'An e-mail address or a number.' }),
  'filter[passport]': text,
  'filter[telegram_username]': text,
}
export type Filters = Readonly<Partial<Record<keyof typeof filters, string | undefined>>>

export const pages = {
  ...jsonApi.pageQuery(),
  'page[after]': z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'Where the page before ended; `links.next` has it.' }),
}
