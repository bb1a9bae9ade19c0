import type { DocumentType } from './document-types.ts'

/** What may be uploaded, and how much: an app may set other numbers. */
export interface DocumentPolicies {
  readonly documents: {
    /** In lower case, without parameters. `general` is for every type, the others for theirs besides. */
    readonly mediaTypes: { readonly general: readonly string[] } & Partial<Record<DocumentType, readonly string[]>>
    /** Bytes of a file; of the types that are named, another number. */
    readonly largest: { readonly general: number } & Partial<Record<DocumentType, number>>
    /** Seconds that a form or an address is good for. */
    readonly lifetime: number
    /** Forms for one account in a day: to its owner, to keys that recovery let in, to administrators. */
    readonly perDay: { readonly owner: number; readonly recovery: number; readonly admin: number }
  }
}

/** Of these a browser runs nothing. */
export const usualMediaTypes = ['application/pdf', 'image/jpeg', 'image/png', 'image/gif', 'image/tiff'] as const

export const usualDocumentPolicies: DocumentPolicies = {
  documents: {
    mediaTypes: { general: usualMediaTypes },
    largest: { general: 20 * 1024 * 1024 },
    lifetime: 3600,
    perDay: { owner: 500, recovery: 100, admin: 5000 },
  },
}

export const allowsMediaType = (
  { documents: { mediaTypes } }: DocumentPolicies,
  { type, contentType }: { type: DocumentType; contentType: string },
): boolean => mediaTypes.general.includes(contentType) || mediaTypes[type]?.includes(contentType) === true

export const largestOf = ({ documents: { largest } }: DocumentPolicies, type: DocumentType): number =>
  largest[type] ?? largest.general
