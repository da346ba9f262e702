"""All that knows LangGraph: how the nodes are wired, how the loop is driven, how a run is kept."""
