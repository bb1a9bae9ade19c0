/** A form as a browser posts it: the fields in any order, then the file. */
export interface UploadForm {
  readonly url: string
  /** Names in lower case. */
  readonly fields: UploadFields
}

export interface UploadFields {
  readonly bucket: string
  readonly key: string
  readonly policy: string
  readonly 'content-type': string
  readonly 'x-amz-algorithm': string
  readonly 'x-amz-credential': string
  readonly 'x-amz-date': string
  readonly 'x-amz-signature': string
}

export interface Upload {
  readonly key: string
  /** The file is stored as this, whatever it holds. */
  readonly contentType: string
  /** Bytes; an empty file is refused. */
  readonly largest: number
  /** Seconds. */
  readonly lifetime: number
}

export interface Download {
  readonly key: string
  readonly contentType: string
  /** Seconds. */
  readonly lifetime: number
}

/**
 * Where files lie. They never pass through us: clients bring and fetch them by what is signed here. Signing asks nobody, so that no
 * answer of a store, and no address in one, leads us anywhere.
 */
export interface ObjectStore {
  /** Lets in one file under this key, of this type and length; until it ends a second one takes the first one's place. */
  presignUpload(upload: Upload): Promise<UploadForm>
  /** An address for whoever has it; whether a file was ever brought, the store says. */
  presignDownload(download: Download): Promise<string>
}

/** No store is configured. */
export class ObjectStoreUnavailable extends Error {
  override readonly name = 'ObjectStoreUnavailable'
  readonly retryAfterSeconds = 300

  constructor() {
    super('there is no object store')
  }
}

const away = (): Promise<never> => Promise.reject(new ObjectStoreUnavailable())

/** Where none is configured, documents answer 503. */
export const noObjectStore: ObjectStore = { presignUpload: away, presignDownload: away }
