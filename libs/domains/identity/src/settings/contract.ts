import { toUtf8 } from '@strongroom/crypto'
import { endpoint, jsonApi, refusal } from '@strongroom/http/contract'
import { requestSignature } from '@strongroom/proofs/contract'
import { z } from 'zod'
import { isShallow } from '../json-depth.ts'
import { AccountId, fieldRefused, notAllowed } from '../wallets/contract.ts'

/** Of a value as JSON, in bytes. */
export const LARGEST_SETTING = 16_384
/** White space of the caller's does not count. */
const bodyLimit = 4 * LARGEST_SETTING

const SettingKey = z.string().regex(/^[\w.:-]{1,128}$/, 'is not 1 to 128 letters, digits, `_`, `.`, `:`, `-`')

const SettingValue = z
  .unknown()
  .refine((value) => value !== undefined, { error: 'is missing', abort: true })
  .refine(isShallow, { error: 'is nested too deep', abort: true })
  .refine((value) => toUtf8(JSON.stringify(value)).length <= LARGEST_SETTING, 'is longer than 16 KiB')

const Setting = jsonApi.resource(
  'identity_settings',
  {
    key: z.string(),
    value: z.unknown().meta({ description: 'Any JSON; `null` where nothing is set.' }),
  },
  { identity: jsonApi.toOne('identity') },
)

export const tooManySettings = refusal({
  kind: 'too-many-settings',
  status: 400,
  title: 'The account has as many settings as it may.',
  details: { detail: z.literal('The account has as many settings as it may') },
})

const params = z.object({ address: AccountId })

export const listSettings = endpoint({
  method: 'GET',
  path: '/identities/:address/settings',
  summary: 'List the settings of an account by key, as its owner or an administrator.',
  proof: requestSignature,
  params,
  query: z.object(jsonApi.pageQuery()),
  reply: { 200: jsonApi.listOf(Setting) },
  refusals: [notAllowed],
})

export const putSetting = endpoint({
  method: 'PUT',
  path: '/identities/:address/settings',
  summary: 'Set a setting of one’s own account; `null` clears it. `client_domain` takes hosts that this service knows.',
  proof: requestSignature,
  params,
  body: jsonApi.givenDocument(z.object({ attributes: z.object({ key: SettingKey, value: SettingValue }) })),
  bodyLimit,
  reply: { 200: jsonApi.document(Setting) },
  refusals: [notAllowed, fieldRefused, tooManySettings],
})

export const getSetting = endpoint({
  method: 'GET',
  path: '/identities/:address/settings/:key',
  summary: 'Get a setting of an account as its owner or an administrator: `null` where nothing is set.',
  proof: requestSignature,
  params: params.extend({ key: SettingKey }),
  reply: { 200: jsonApi.document(Setting) },
  refusals: [notAllowed],
})

const Choices = z.array(z.string())

export const getEnums = endpoint({
  method: 'GET',
  path: '/data/enums',
  summary: 'What forms offer to choose from.',
  reply: {
    200: jsonApi.document(
      z.object({
        type: z.literal('enums'),
        attributes: z.object({
          business_type: Choices,
          countries: Choices,
          education: Choices,
          employment_status: Choices,
          entity_type: Choices,
          gender: Choices,
          id_document: Choices,
          industry: Choices,
          marital_status: Choices,
          nationalities: Choices,
        }),
      }),
    ),
  },
  refusals: [],
})
