/** Sends codes over Telegram: a bot that people have written to first. */
export interface Messenger {
  /** Where one writes to the bot. */
  readonly botUrl: string
  /**
   * Hands a message to the provider.
   * @param message `id` is the same for every attempt; `to` is a username, without `@`.
   * @throws ProviderUnavailable try again later. @throws Undeliverable the user never wrote to the bot, or is nobody.
   */
  send(message: { readonly id: string; readonly to: string; readonly text: string }): Promise<void>
}
