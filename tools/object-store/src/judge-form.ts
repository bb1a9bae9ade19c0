import { judgePolicy, readPolicy } from './policy.ts'
import { badArgument, denied, notImplemented, Refused, wrongSignature } from './refused.ts'
import { isSame, readSigner, signText, type StoreAccess } from './sig-v4.ts'

/** A form as it came, up to its file. */
export interface PostedForm {
  /** By name in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly filename: string
}

/** What may be stored, and as what. */
export interface Allowed {
  readonly key: string
  readonly contentType: string
  readonly meta: Readonly<Record<string, string>>
  /** Bytes. */
  readonly least: number
  readonly most: number
  readonly successStatus: number
}

const WEEK = 7 * 24 * 3600 * 1000
const SKEW = 15 * 60 * 1000
const META = 'x-amz-meta-'

/** Fields that this store acts upon; it refuses any other rather than pretend. */
const known = [
  'key',
  'policy',
  'bucket',
  'content-type',
  'success_action_status',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-signature',
]
const isKnown = (field: string): boolean =>
  known.includes(field) || field.startsWith(META) || field.startsWith('x-ignore-')

/** Judges a form as S3 does: who signed the policy, and whether the rest of the form keeps to it. */
export function judgeForm(form: PostedForm, access: StoreAccess, now: Date): Allowed | Refused {
  const fields = new Map(form.fields)
  const template = fields.get('key')
  if (!template) return badArgument('Bucket POST must contain a field named "key", before the file.')
  const [encoded, signature] = [fields.get('policy'), fields.get('x-amz-signature')]
  if (encoded === undefined || signature === undefined) return denied('Only a signed policy lets a file in.')
  const signer = readSigner(
    {
      algorithm: fields.get('x-amz-algorithm'),
      credential: fields.get('x-amz-credential'),
      date: fields.get('x-amz-date'),
    },
    access,
  )
  if (signer instanceof Refused) return signer
  if (!isSame(signature, signText(access.secretAccessKey, signer.scope, encoded))) return wrongSignature()
  const age = now.getTime() - signer.signedAt.getTime()
  if (age > WEEK || age < -SKEW) return denied('X-Amz-Date is not of these days.')
  const policy = readPolicy(encoded)
  if (policy instanceof Refused) return policy
  // Variables are filled in before conditions are compared.
  fields.set(
    'key',
    template.replace('${filename}', () => form.filename),
  )
  const broken = judgePolicy(policy, { fields, bucket: access.bucket }, now)
  if (broken) return broken
  if ((fields.get('bucket') ?? access.bucket) !== access.bucket) return denied('The form names another bucket.')
  const other = [...fields].find(([field, value]) => !isKnown(field) && !(field === 'acl' && value === 'private'))
  if (other) return notImplemented(`The field ${other[0]} does nothing here.`)
  return {
    key: fields.get('key') ?? '',
    contentType: fields.get('content-type') ?? 'binary/octet-stream',
    meta: Object.fromEntries([...fields].filter(([field]) => field.startsWith(META))),
    least: policy.least,
    most: policy.most,
    successStatus: { '200': 200, '201': 201 }[fields.get('success_action_status') ?? ''] ?? 204,
  }
}
