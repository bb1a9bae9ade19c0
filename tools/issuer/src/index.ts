export { didOf, makePresentation, type PresentationRequest } from './presentation.ts'
export { requestToken, type TokenRequest } from './request-token.ts'
export { startIssuer, type Issuer, type IssuerOptions } from './start-issuer.ts'
