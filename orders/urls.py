from django.urls import path

from orders import views

app_name = "orders"
urlpatterns = [
    path("houses/<int:pk>/book/", views.BookView.as_view(), name="book"),
    path("houses/<int:pk>/quote/", views.QuoteView.as_view(), name="quote"),
    path("orders/", views.TripListView.as_view(), name="trips"),
    path("orders/received/", views.ReceivedListView.as_view(), name="received"),
    path("orders/<slug:number>/", views.OrderDetailView.as_view(), name="detail"),
    path("orders/<slug:number>/accept/", views.AcceptView.as_view(), name="accept"),
    path("orders/<slug:number>/reject/", views.RejectView.as_view(), name="reject"),
    path("orders/<slug:number>/cancel/", views.CancelView.as_view(), name="cancel"),
    path("orders/<slug:number>/review/", views.ReviewView.as_view(), name="review"),
    path("orders/<slug:number>/answer/", views.AnswerView.as_view(), name="answer"),
]
