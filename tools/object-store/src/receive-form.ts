import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import type { PostedForm } from './judge-form.ts'
import { badArgument, malformedForm, Refused } from './refused.ts'

/** Of all that comes before the file, as S3 has it. */
const MOST_BYTES = 20 * 1024
const MOST_FIELDS = 100

/** Reads the file, to its end whatever becomes of it: the parser waits for that. */
export type TakeFile<Taken> = (form: PostedForm, file: Readable) => Promise<Taken | Refused>

/**
 * Reads a multipart form as it arrives. The file is taken with the fields that came before it; fields and files after it are
 * passed over, as S3 does, so that nobody changes afterwards what was judged.
 */
export async function receiveForm<Taken>(request: IncomingMessage, take: TakeFile<Taken>): Promise<Taken | Refused> {
  const parser = parserFor(request)
  if (parser instanceof Refused) return parser
  const { fields, refused } = gatherFields(parser)
  let taking: { readonly file: Readable; readonly taken: Promise<Taken | Refused> } | undefined
  parser.on('file', (_name, file, filename) => {
    const early = taking ? undefined : refused()
    // Where a form breaks off, the parser tells its file too, whoever still listens.
    file.on('error', () => undefined)
    if (taking || early) file.resume()
    taking ??= { file, taken: early ? Promise.resolve(early) : take({ fields, filename: filename ?? '' }, file) }
    // What it fails with is told below, once the form has been read.
    taking.taken.catch((error: unknown) => request.destroy(error as Error))
  })
  try {
    await pipeline(request, parser)
  } catch (error) {
    taking?.file.destroy(error as Error)
    await taking?.taken.catch(() => undefined)
    return malformedForm('The form ends before its end, or is none.')
  }
  return taking?.taken ?? refused() ?? badArgument('POST requires exactly one file upload per request.')
}

function parserFor({ headers }: IncomingMessage): BusboyInstance | Refused {
  const { 'content-type': contentType = '' } = headers
  if (!/^multipart\/form-data\s*;/i.test(contentType))
    return new Refused(412, 'PreconditionFailed', 'Bucket POST must be of the enclosure type multipart/form-data.')
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': contentType },
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      limits: { fields: MOST_FIELDS, fieldSize: MOST_BYTES, headerSize: 4096, headerPairs: 20 },
    })
  } catch {
    return malformedForm('The form has no boundary.')
  }
}

function gatherFields(parser: BusboyInstance) {
  const fields = new Map<string, string>()
  let size = 0
  let fault: Refused | undefined
  parser.on('field', (name: string | undefined, value, ...[, cut]) => {
    const field = (name ?? '').toLowerCase()
    size += field.length + value.length
    if (cut || size > MOST_BYTES)
      fault ??= new Refused(400, 'MaxPostPreDataLengthExceededError', 'There is too much before the file.')
    // Of two values one would be judged, and another server might store by the other.
    else if (fields.has(field)) fault ??= badArgument('A field is there twice.')
    else fields.set(field, value)
  })
  parser.on('fieldsLimit', () => (fault ??= malformedForm('There are too many fields.')))
  return { fields, refused: () => fault }
}
