import { Secret } from '@strongroom/crypto'
import { type Fields, listOf, objectOf, parseObject } from './document.ts'
import { type FactorDemand, identityCodes, IdentityError } from './error.ts'

const LONGEST = 500

/** Reads `{"errors": [{ title, status, code?, detail?, meta? }]}`; the first error speaks for all. */
export function refusalOf(status: number, text: string, wait: string | null): IdentityError {
  const { errors } = parseObject(text) ?? {}
  const all = errors === undefined ? [] : listOf(errors).map(objectOf)
  const { title, code, detail, meta } = all[0] ?? {}
  const sentence = textOf(detail) ?? textOf(title) ?? 'the server refused'
  return new IdentityError(sentence, {
    status,
    code: textOf(code),
    detail: textOf(detail),
    meta: objectOf(meta),
    factor: status === 403 && code === identityCodes.tfaRequired ? demandOf(objectOf(meta)) : undefined,
    fields: all.flatMap((one) => fieldOf(objectOf(one['meta']))),
    retryAfter: wait !== null && /^\d+$/.test(wait) ? Number(wait) : undefined,
  })
}

/** What came is no answer of this API. */
export const notAnAnswer = () => unreachable('the server answered something else')

export const unreachable = (message: string) => new IdentityError(message, { status: 0 })

function demandOf(meta: Fields): FactorDemand | undefined {
  const { token, factor_id: id, factor_type: factorType, wallet_id: walletId, purpose } = meta
  const isId = typeof id === 'number' || typeof id === 'string'
  if (!isId || typeof token !== 'string' || typeof factorType !== 'string' || typeof walletId !== 'string') {
    return undefined
  }
  return {
    factorId: String(id),
    factorType,
    walletId: new Secret(walletId),
    token: new Secret(token),
    keychainData: textOf(meta['keychain_data'], Infinity),
    salt: textOf(meta['salt']),
    botUrl: textOf(meta['bot_url']),
    ...(purpose !== undefined && { purpose }),
  }
}

const fieldOf = ({ field, error }: Fields) =>
  typeof field === 'string' && typeof error === 'string'
    ? [{ field: field.slice(0, LONGEST), error: error.slice(0, LONGEST) }]
    : []

const textOf = (value: unknown, longest = LONGEST) => (typeof value === 'string' ? value.slice(0, longest) : undefined)
