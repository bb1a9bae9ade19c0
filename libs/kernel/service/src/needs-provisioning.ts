/** The database or a token is not as this release needs it: run `provision`. */
export class NeedsProvisioning extends Error {
  override readonly name = 'NeedsProvisioning'
}
