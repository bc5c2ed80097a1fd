settings = {
  LOG_LEVEL      = "DEBUG"
  REALTIME_MODEL = "speech-realtime-deepseek-v4-flash" # a placeholder: see which models your folder has
}
