import { implement, reply } from '@strongroom/http'
import { getEnums } from './contract.ts'
import { countries } from './countries.ts'
import { nationalities } from './nationalities.ts'

const attributes = {
  business_type: [
    'Sole Proprietorship',
    'Partnership',
    'Limited Liability Company',
    'Public Limited Company',
    'Cooperative',
    'Non-Profit Organization',
    'Trust or Foundation',
    'Public Body',
    'General Trading',
    'Other',
  ],
  countries: [...countries],
  education: [
    'No Formal Education',
    'Primary Education',
    'Secondary Education',
    'Vocational Training',
    'Bachelor’s Degree',
    'Master’s Degree',
    'Doctorate',
    'Other',
  ],
  employment_status: [
    'Employed Full-Time',
    'Employed Part-Time',
    'Self-Employed',
    'Unemployed',
    'Student',
    'Homemaker',
    'Retired',
    'Unable to Work',
  ],
  entity_type: ['Individual', 'Company', 'Partnership', 'Trust', 'Foundation', 'Fund', 'Public Body', 'Other'],
  gender: ['Female', 'Male', 'Other', 'Not Stated'],
  id_document: ['Passport', 'National Identity Card', 'Driving Licence', 'Residence Permit', 'Travel Document'],
  industry: [
    'Agriculture, Forestry and Fishing',
    'Mining and Quarrying',
    'Manufacturing',
    'Energy and Water Supply',
    'Construction',
    'Wholesale and Retail Trade',
    'Transport and Storage',
    'Accommodation and Food',
    'Information and Communication',
    'Finance and Insurance',
    'Real Estate',
    'Professional, Scientific and Technical Services',
    'Administrative and Support Services',
    'Public Administration and Defence',
    'Education',
    'Health and Social Work',
    'Arts, Entertainment and Recreation',
    'Other Services',
  ],
  marital_status: ['Single', 'Married', 'Registered Partnership', 'Separated', 'Divorced', 'Widowed'],
  nationalities: [...nationalities],
}

export const enums = implement<object>()(getEnums, async () => reply(200, { data: { type: 'enums', attributes } }))
