export {
  type Access,
  accessToken,
  accessTokenExpired,
  accessTokenInvalid,
  accessTokenMissing,
  issuerUnavailable,
  scopeMissing,
} from './access-token.ts'
export { applicationKey, applicationKeyRefused } from './application-key.ts'
export { basicPin, Pin } from './basic-pin.ts'
export { challengedPresentation, didPresentation, type Presentation, presentationRefused } from './did-presentation.ts'
export {
  contactMissing,
  type Login,
  loginFields,
  loginToken,
  loginTokenRefused,
  type Provider,
  providerNotConfigured,
  providers,
} from './login-token.ts'
export {
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyDescriptor,
  PasskeyRegistration,
  PasskeyRegistrationJson,
} from './passkey-shapes.ts'
export {
  requestSignature,
  signatureRefused,
  signatureUnreadable,
  type Signed,
  type UnreadableReason,
  unreadableReasons,
} from './request-signature.ts'
