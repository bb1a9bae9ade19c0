import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { corsHeaders, type Origins, preflightHeaders } from './cors.ts'
import type { Disk, StoredObject } from './disk.ts'
import { isSigned, judgeAddress } from './judge-address.ts'
import { judgeForm } from './judge-form.ts'
import { receiveForm } from './receive-form.ts'
import { asXml, badArgument, denied, escapeXml, Refused } from './refused.ts'
import type { StoreAccess } from './sig-v4.ts'

export interface Served {
  readonly access: StoreAccess
  readonly disk: Disk
  readonly origins: Origins
  /** Keys that begin so anybody may read, as by a bucket policy of S3; none where it is absent. */
  readonly publicPrefix: string | undefined
}

/** In every answer: nobody shall take this for S3. */
const ours = { server: 'strongroom-object-store (development)', 'x-content-type-options': 'nosniff' }

export async function serve(request: IncomingMessage, response: ServerResponse, store: Served): Promise<void> {
  const headers = { ...ours, ...corsHeaders(request, store.origins) }
  const refused = await answer(request, { response, headers }, store)
  if (!refused) return
  const body = asXml(refused)
  response.writeHead(refused.status, {
    ...headers,
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

interface Answering {
  readonly response: ServerResponse
  readonly headers: Readonly<Record<string, string>>
}

async function answer(request: IncomingMessage, answering: Answering, store: Served): Promise<Refused | undefined> {
  const { method = '', url = '' } = request
  const place = readPlace(url)
  if (!place || !isHere(request)) return badArgument('The address is none of ours.')
  if (method === 'OPTIONS') {
    const allowed = preflightHeaders(request, store.origins)
    if (!allowed) return new Refused(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.')
    answering.response.writeHead(200, { ...ours, ...allowed }).end()
    return undefined
  }
  if (place.bucket !== store.access.bucket)
    return new Refused(404, 'NoSuchBucket', 'The specified bucket does not exist.')
  if (method === 'POST' && place.key === '') return post(request, answering, store)
  if ((method === 'GET' || method === 'HEAD') && place.key !== '') return get(request, answering, { store, ...place })
  return new Refused(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.')
}

/** A name of somebody else's that leads here would make a page of theirs one of ours. */
const isHere = ({ headers: { host = '' } }: IncomingMessage): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)

/** Path style alone: `/bucket/key`. */
function readPlace(target: string): { bucket: string; key: string } | undefined {
  const [, bucket = '', key = ''] = /^\/([^/?]*)\/?([^?]*)/.exec(target) ?? []
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) }
  } catch {
    return undefined
  }
}

async function post(
  request: IncomingMessage,
  { response, headers }: Answering,
  { access, disk }: Served,
): Promise<Refused | undefined> {
  const stored = await receiveForm(request, async (form, file) => {
    const allowed = judgeForm(form, access, new Date())
    if (allowed instanceof Refused) {
      file.resume()
      return allowed
    }
    const kept = await disk.keep(allowed, file)
    return kept instanceof Refused ? kept : { ...kept, status: allowed.successStatus }
  })
  if (stored instanceof Refused) return stored
  const location = `http://${request.headers.host ?? ''}/${access.bucket}/${encodeURIComponent(stored.key)}`
  const body = stored.status === 201 ? postResponse(access.bucket, location, stored) : ''
  response.writeHead(stored.status, {
    ...headers,
    etag: stored.etag,
    location,
    ...(body !== '' && { 'content-type': 'application/xml' }),
  })
  response.end(body)
  return undefined
}

const postResponse = (bucket: string, location: string, { key, etag }: StoredObject): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${escapeXml(location)}</Location>` +
  `<Bucket>${bucket}</Bucket><Key>${escapeXml(key)}</Key><ETag>${escapeXml(etag)}</ETag></PostResponse>`

interface Asked {
  readonly store: Served
  readonly key: string
}

async function get(
  request: IncomingMessage,
  { response, headers }: Answering,
  { store: { access, disk, publicPrefix }, key }: Asked,
): Promise<Refused | undefined> {
  const { method = '', url = '' } = request
  const byAddress = isSigned(url)
  const isPublic = publicPrefix !== undefined && key.startsWith(publicPrefix) && !url.includes('?')
  // Whoever may not look is not told either whether there is something.
  if (!byAddress && !isPublic) return denied('Access Denied.')
  const overrides = byAddress ? judgeAddress({ method, target: url, headers: request.headers }, access, new Date()) : {}
  if (overrides instanceof Refused) return overrides
  const stored = await disk.find(key)
  if (!stored) {
    return byAddress ? new Refused(404, 'NoSuchKey', 'The specified key does not exist.') : denied('Access Denied.')
  }
  response.writeHead(200, {
    ...headers,
    ...stored.meta,
    'content-type': stored.contentType,
    'content-length': stored.size,
    etag: stored.etag,
    'last-modified': stored.storedAt.toUTCString(),
    ...overrides,
  })
  if (method === 'HEAD') response.end()
  else await pipeline(disk.read(stored), response)
  return undefined
}
