/** What documents are for, and who reads their files: anybody, by the store's own policy, or whom we give an address. */
export const documentTypes = {
  asset_logo: 'public',
  fund_logo: 'public',
  fund_document: 'public',
  nav_report: 'public',
  alpha: 'public',
  bravo: 'public',
  charlie: 'public',
  delta: 'public',
  token_terms: 'public',
  token_metrics: 'public',
  kyc_id_document: 'private',
  kyc_poa: 'private',
  kyc_selfie: 'private',
  general_public: 'public',
  general_private: 'private',
  asset_photo: 'public',
} as const

export type DocumentType = keyof typeof documentTypes

export const documentTypeNames = Object.keys(documentTypes) as [DocumentType, ...DocumentType[]]

export const isPrivateDocument = (type: DocumentType): boolean => documentTypes[type] === 'private'
