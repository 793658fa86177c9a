import { TopBar } from '~/frame/TopBar'
export const JourneyPage = () => <TopBar title="Journeys" />
export const CampaignPage = () => <TopBar title="Campaigns" />
