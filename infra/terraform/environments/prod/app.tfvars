settings = {
  REALTIME_MODEL = "speech-realtime-deepseek-v4-flash" # a placeholder: see which models your folder has
}

# quotas = { functions = 20, realtime_sessions = 40 } # what support has raised; a new cloud's where left out
# functions = ["delete_response"]                     # a subset; the table's defaults where left out
