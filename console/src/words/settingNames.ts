import { t } from './language'

const NAMES: Record<string, () => string> = {
  workspace_name: () => t('Name of the workspace'),
  help_contact: () => t('Where people get help'),
  currency: () => t('Currency'),
  time_zone: () => t('Time zone'),
  consent_default: () => t('What silence means for marketing'),
  cap_email_per_day: () => t('Most marketing mails a day'),
  cap_email_per_week: () => t('Most marketing mails a week'),
  contact_caps: () => t('More limits'),
  fatigue: () => t('Who answers nothing'),
  service_holds: () => t('Who waits for support'),
  message_costs: () => t('What a message costs'),
  quiet_from: () => t('Quiet hours from'),
  quiet_until: () => t('Quiet hours until'),
  closed_days: () => t('Closed on'),
  quiet_policy: () => t('Messages in quiet hours'),
  global_holdout: () => t('Share of people who get no marketing'),
  global_holdout_rotates: () => t('Drawn anew each'),
  topics: () => t('Topics people choose from'),
  email_sender: () => t('Address mail comes from'),
  send_rates: () => t('Most messages per channel'),
  domain_rates: () => t('Most mail per domain'),
  email_warm_up: () => t('Warm-up of a new domain'),
  linked_hosts: () => t('Hosts templates may call'),
  link_traps: () => t('Links that only machines follow'),
  machine_networks: () => t('Networks of machines'),
}

const OPTIONS: Record<string, () => string> = {
  'consent_default.granted': () => t('Write until they object'),
  'consent_default.required': () => t('Write only once they agreed'),
  'quiet_policy.defer': () => t('Send them when it is over'),
  'quiet_policy.drop': () => t('Never send them'),
  'global_holdout_rotates.quarter': () => t('quarter'),
  'global_holdout_rotates.month': () => t('month'),
  'global_holdout_rotates.never': () => t('never'),
}

export const isSetting = (name: string): boolean => Object.hasOwn(NAMES, name)
export const settingName = (name: string): string => NAMES[name]?.() ?? name.replace(/_/g, ' ')
export const optionName = (name: string, option: string): string => OPTIONS[`${name}.${option}`]?.() ?? option.replace(/_/g, ' ')
