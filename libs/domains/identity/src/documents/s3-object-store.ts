import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { fromUtf8, type Secret } from '@strongroom/crypto'
import type { ObjectStore, UploadFields } from './object-store.ts'
import { usualMediaTypes } from './policies.ts'

export interface S3Options {
  /** As clients reach it: `https://s3.eu-central-1.amazonaws.com`. From the configuration, never from a request. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  /** `path`, as most stores have it: `https://host/bucket/key`; `host`, as Amazon wants it: `https://bucket.host/key`. */
  readonly addressing?: 'path' | 'host'
}

/**
 * Signs for a store that speaks S3, by Signature Version 4. Signed dates are the process's: the store judges them by its own clock.
 * @throws TypeError where an option is not of its form.
 */
export function s3ObjectStore(options: S3Options): ObjectStore {
  const { region, bucket, accessKeyId, secretAccessKey, addressing = 'path' } = options
  const client = new S3Client({
    endpoint: readEndpoint(options.endpoint),
    region: assertForm(region, /^[a-z0-9-]{1,64}$/, 'region'),
    credentials: () => Promise.resolve({ accessKeyId, secretAccessKey: fromUtf8(secretAccessKey.expose()) }),
    forcePathStyle: addressing === 'path',
    // Said outright, so that no variable and no file of the machine says otherwise.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  assertForm(bucket, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'bucket')
  assertForm(accessKeyId, /^[\w-]{1,128}$/, 'access key id')
  return {
    async presignUpload({ key, contentType, largest, lifetime }) {
      const form = await createPresignedPost(client, {
        Bucket: bucket,
        Key: key,
        Fields: { 'content-type': contentType },
        Conditions: [['content-length-range', 1, largest]],
        Expires: lifetime,
      })
      const fields = Object.entries(form.fields).map(([name, value]) => [name.toLowerCase(), value])
      return { url: form.url, fields: Object.fromEntries(fields) as unknown as UploadFields }
    },

    presignDownload: ({ key, contentType, lifetime }) =>
      getSignedUrl(
        client,
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ResponseContentType: contentType,
          ...(mayRun(contentType) && { ResponseContentDisposition: 'attachment' }),
        }),
        { expiresIn: lifetime },
      ),
  }
}

/** What an operator allows beside the usual may be a page or a script: then the browser saves it and does not show it. */
const mayRun = (contentType: string): boolean => !usualMediaTypes.some((passive) => passive === contentType)

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

function readEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname))
  if (!url || !safe || url.username || url.password || url.pathname !== '/' || url.search || url.hash) {
    throw new TypeError(
      'the object store’s URL is https, or http on this machine, and nothing but scheme, host and port',
    )
  }
  return url.origin
}

function assertForm(text: string, form: RegExp, name: string): string {
  if (!form.test(text)) throw new TypeError(`the object store’s ${name} is not of the form that it has`)
  return text
}
