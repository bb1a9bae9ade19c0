const listed = `
  Afghan, Albanian, Algerian, American, Andorran, Angolan, Antiguan or Barbudan, Argentine, Armenian, Australian, Austrian,
  Azerbaijani, Bahamian, Bahraini, Bangladeshi, Barbadian, Basotho, Belarusian, Belgian, Belizean, Beninese, Bhutanese,
  Bolivian, Bosnian or Herzegovinian, Brazilian, British, Bruneian, Bulgarian, Burkinabe, Burundian, Cabo Verdean,
  Cambodian, Cameroonian, Canadian, Central African, Chadian, Chilean, Chinese, Colombian, Comoran, Congolese (Brazzaville),
  Congolese (Kinshasa), Costa Rican, Croatian, Cuban, Cypriot, Czech, Danish, Djiboutian, Dominican (Dominica),
  Dominican (Dominican Republic), Dutch, East Timorese, Ecuadorian, Egyptian, Emirati, Equatoguinean, Eritrean, Estonian,
  Ethiopian, Fijian, Filipino, Finnish, French, Gabonese, Gambian, Georgian, German, Ghanaian, Greek, Grenadian,
  Guatemalan, Guinea-Bissauan, Guinean, Guyanese, Haitian, Honduran, Hong Konger, Hungarian, I-Kiribati, Icelandic, Indian,
  Indonesian, Iranian, Iraqi, Irish, Israeli, Italian, Ivorian, Jamaican, Japanese, Jordanian, Kazakhstani, Kenyan,
  Kittitian or Nevisian, Kosovar, Kuwaiti, Kyrgyz, Lao, Latvian, Lebanese, Liberian, Libyan, Liechtensteiner, Lithuanian,
  Luxembourger, Macanese, Macedonian, Malagasy, Malawian, Malaysian, Maldivian, Malian, Maltese, Marshallese, Mauritanian,
  Mauritian, Mexican, Micronesian, Moldovan, Monegasque, Mongolian, Montenegrin, Moroccan, Motswana, Mozambican, Myanma,
  Namibian, Nauruan, Nepali, New Zealander, Ni-Vanuatu, Nicaraguan, Nigerian, Nigerien, North Korean, Norwegian, Omani,
  Pakistani, Palauan, Palestinian, Panamanian, Papua New Guinean, Paraguayan, Peruvian, Polish, Portuguese, Qatari,
  Romanian, Russian, Rwandan, Saint Lucian, Salvadoran, Sammarinese, Samoan, São Toméan, Saudi, Senegalese, Serbian,
  Seychellois, Sierra Leonean, Singaporean, Slovak, Slovenian, Solomon Islander, Somali, South African, South Korean,
  South Sudanese, Spanish, Sri Lankan, Stateless, Sudanese, Surinamese, Swazi, Swedish, Swiss, Syrian, Taiwanese, Tajik,
  Tanzanian, Thai, Togolese, Tongan, Trinidadian or Tobagonian, Tunisian, Turkish, Turkmen, Tuvaluan, Ugandan, Ukrainian,
  Uruguayan, Uzbek, Vatican, Venezuelan, Vietnamese, Vincentian, Yemeni, Zambian, Zimbabwean`

export const nationalities: readonly string[] = listed.trim().split(/,\s+/)
